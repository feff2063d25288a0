"""Bills that the bank lists before they are closed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from banking.ledger.models import Account
from banking.reports import cards
from tests.banking.reports.test_cards import bill, owed_by_transactions, payment, purchase, report_of
from tests.factories import create_account, create_item

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

TODAY = date(2026, 11, 28)


@pytest.fixture
def card(alice: User) -> Account:
    days: dict[str, Any] = {"closes_on": date(2026, 12, 3), "due_on": date(2026, 12, 10)}
    return create_account(create_item(alice), type="CREDIT", **days)


def closing(day: str) -> dict[str, str]:
    return {"billClosingDate": f"{day}T00:00:00Z"}


def test_open_and_future_bills_that_the_bank_lists_are_not_closed(card: Account) -> None:
    bill(card, "2026-11-10", "192.00", **closing("2026-11-03"))
    payment(card, "2026-11-10", "192.00")
    december = bill(card, "2026-12-10", "40.00", **closing("2026-12-03"))
    january = bill(card, "2027-01-10", "15.00", **closing("2027-01-03"))
    purchase(card, "2026-11-15", "40.00", bill=december)
    purchase(card, "2026-11-20", "25.00", bill=december)
    purchase(card, "2026-11-15", "15.00", bill=january)
    report = report_of(card, TODAY)
    assert [(str(closed.month), closed.state) for closed in report.closed] == [("2026-11", "paid")]
    assert (str(report.open.month), report.open.total) == ("2026-12", Decimal(65))
    assert [(str(coming.month), coming.total) for coming in report.coming] == [("2027-01", Decimal(15))]
    assert owed_by_transactions(report.open.filters) == report.open.owed
    assert [due.total for due in cards.bills_due([report])] == [Decimal(65)]


def test_bill_is_closed_on_its_closing_day(card: Account) -> None:
    bill(card, "2026-12-10", "40.00", **closing("2026-11-28"))
    assert [closed.state for closed in report_of(card, TODAY).closed] == ["unpaid"]
    assert report_of(card, date(2026, 11, 27)).closed == ()


def test_bill_without_a_closing_day_closes_on_that_of_the_card(card: Account) -> None:
    bill(card, "2026-12-10", "40.00")
    assert report_of(card, date(2026, 11, 27)).closed == ()
    assert len(report_of(card, date(2026, 11, 29)).closed) == 1  # banks close some days earlier
    assert len(report_of(card, date(2026, 12, 3)).closed) == 1


def test_bill_of_a_card_without_days_is_closed_when_it_is_nearly_due(card: Account) -> None:
    Account.objects.update(closes_on=None, due_on=None)
    bill(card, "2026-12-10", "40.00")
    bill(card, "2027-01-10", "15.00")
    report = report_of(card, TODAY)
    assert [str(closed.month) for closed in report.closed] == ["2026-12"]
    assert str(report.open.month) == "2027-01"
