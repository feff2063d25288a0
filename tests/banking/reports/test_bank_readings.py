"""Readings of cards and accounts that differ between banks: each card's own data decide (docs/pluggy.md)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item
from banking.ledger import monthly_totals
from banking.ledger.models import Account, DoubleListing, InvestmentTransaction
from banking.ledger.models.account_details import SetAside, customized_limit
from banking.money.periods import Period
from banking.reports import cards
from banking.reports.transaction_filter import TransactionFilter
from tests.banking.reports.test_cards import bill, payment
from tests.factories import create_account, create_item
from tests.ingest_worlds import read_example
from tests.local_pluggy import LocalPluggy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

TODAY = date(2026, 11, 28)


def card_of(item: Item, number: str) -> Account:
    return item.accounts.select_related("item__connector", "user").get(number=number)


def report_on(card: Account, today: date) -> cards.Card:
    filters = TransactionFilter(card.user, Period(today, today), account=card)
    (report,) = cards.cards_of(filters, today=today)
    return report


def states(card: Account, today: date = TODAY) -> dict[str, str]:
    return {str(statement.month): str(statement.state) for statement in report_on(card, today).closed}


def months(card: Account) -> dict[str, str]:
    return {stored.description: f"{stored.cash_month:%Y-%m}" for stored in card.transactions.all()}


# --- 1: payments listed on a bill --------------------------------------------------------------------------

PAID_BEFORE = {"2026-09": "paid", "2026-10": "paid", "2026-11": "overdue"}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("5101", PAID_BEFORE),  # totals and days are those of the bill before
        ("5102", dict.fromkeys(PAID_BEFORE, "paid")),  # totals and days are the bill's own
        ("5103", PAID_BEFORE),  # equal totals without days: the card received no payment since November
        ("5104", {"2026-09": "unseen", "2026-10": "paid", "2026-11": "paid"}),  # it received two
        ("5105", {"2026-09": "paid", "2026-10": "paid", "2026-11": "overdue"}),  # nothing decides
    ],
)
def test_payments_listed_on_a_bill_settle_what_the_card_shows(
    alice: User, pluggy: LocalPluggy, number: str, expected: dict[str, str]
) -> None:
    (item,) = read_example(pluggy, alice, "bill-payments")
    assert states(card_of(item, number)) == expected
    assert monthly_totals.differences() == []


def listed(amount: str, on: str = "") -> list[dict[str, Any]]:
    return [{"paymentDate": on and f"{on}T00:00:00Z", "amount": Decimal(amount)}]


def test_an_undated_payment_that_fits_no_total_does_not_pay_the_newest_bill(alice: User) -> None:
    card = create_account(create_item(alice), type="CREDIT")
    bill(card, "2026-10-10", "90.00")
    bill(card, "2026-11-10", "100.00", payments=listed("40.00"))
    assert states(card) == {"2026-10": "partly", "2026-11": "overdue"}


def test_the_only_bill_of_a_card_is_paid_by_a_payment_of_its_total(alice: User) -> None:
    card = create_account(create_item(alice), type="CREDIT")
    bill(card, "2026-11-10", "100.00", payments=listed("100.00"))
    assert states(card) == {"2026-11": "paid"}


def test_a_payment_that_the_card_received_after_the_closing_decides(alice: User) -> None:
    card = create_account(create_item(alice), type="CREDIT")
    bill(card, "2026-10-10", "100.00")
    bill(card, "2026-11-10", "100.00", payments=listed("100.00"))
    payment(card, "2026-11-09", "100.00")
    assert states(card)["2026-11"] == "paid"


# --- 3: billForecastDate, and cards without closing days ----------------------------------------------------


def test_forecasts_of_closed_and_of_no_bills(alice: User, pluggy: LocalPluggy) -> None:
    (item,) = read_example(pluggy, alice, "bill-forecasts")
    card = card_of(item, "5201")
    assert months(card) == {
        "LOJA A": "2026-10",
        "LOJA B": "2026-11",
        "STAMPED CLOSED": "2026-12",  # bought after the bill of November had closed
        "STAMPED OPEN THEN": "2026-11",
        "MOVEIS 3/5": "2027-02",
        "NO CYCLE": "2027-01",
        "NO FORECAST": "2026-12",
    }
    assert report_on(card, TODAY).open.total == Decimal(80)


def test_a_card_without_closing_days_learns_them_from_its_bills(alice: User, pluggy: LocalPluggy) -> None:
    (item,) = read_example(pluggy, alice, "bill-forecasts")
    card = card_of(item, "5202")
    # The last purchases of the bills are from 11 and 12 days before they are due.
    assert (card.bill_closes_on, card.bill_due_on) == (date(2026, 10, 30), date(2026, 11, 10))
    assert (
        months(card)["AFTER THE CLOSING"] == "2026-12"
    )  # by the usual seven days it would be on that of November


# --- 4: open and future bills that are listed ---------------------------------------------------------------


def test_bills_that_are_listed_before_they_close_are_not_closed(alice: User, pluggy: LocalPluggy) -> None:
    (item,) = read_example(pluggy, alice, "open-bills-listed")
    report = report_on(card_of(item, "5301"), TODAY)
    assert [(str(closed.month), closed.state) for closed in report.closed] == [("2026-11", "paid")]
    assert (str(report.open.month), report.open.total) == ("2026-12", Decimal(65))
    assert [(str(coming.month), coming.total) for coming in report.coming] == [("2027-01", Decimal(15))]


def test_a_bank_that_lists_future_bills_closes_none_early(alice: User, pluggy: LocalPluggy) -> None:
    (item,) = read_example(pluggy, alice, "open-bills-listed")
    card = card_of(item, "5302")
    assert states(card) == {"2026-11": "paid"}  # that of December closes on the 1st, in three days
    assert states(card, date(2026, 12, 1)) == {"2026-11": "paid", "2026-12": "unpaid"}


# --- 9: used limits -----------------------------------------------------------------------------------------


def test_the_used_limit_of_a_card(alice: User, as_alice: Client, pluggy: LocalPluggy) -> None:
    (item,) = read_example(pluggy, alice, "card-limits")
    used = {number: report_on(card_of(item, number), TODAY).used for number in ("5401", "5402", "5403")}
    assert used == {"5401": Decimal("98.52"), "5402": Decimal("3448.52"), "5403": Decimal(700)}
    as_alice.cookies["django_language"] = "en"
    page = as_alice.get(reverse("cards")).content.decode()
    assert page.count("You lowered it at the bank") == 1
    assert "not the bill" in as_alice.get(reverse("connection", args=[item.id])).content.decode()


def test_two_cards_of_one_line_count_once(alice: User, pluggy: LocalPluggy) -> None:
    (item,) = read_example(pluggy, alice, "card-limits")
    main, additional = card_of(item, "5403"), card_of(item, "5404")
    assert (main.counted_as, additional.counted_as) == (None, main.id)
    assert [found.evidence for found in DoubleListing.objects.of(alice)] == ["same line"]


@pytest.mark.parametrize(
    ("line", "balance", "expected"),
    [
        ({"customizedLimitAmount": 2100}, "0", "2100"),  # the explanation, as nothing contradicts it
        ({"customizedLimitAmount": 2100, "usedAmount": 98.52}, "3448.52", "2100"),
        ({"customizedLimitAmount": 2100, "usedAmount": 3448.52}, "98.52", None),
        ({"customizedLimitAmount": 2100}, "-98.52", "2100"),  # some banks send what is owed as negative
        ({"customizedLimitAmount": 2000}, "0", None),  # less than what is available
        ({"customizedLimitAmount": 6000}, "0", None),
        ({"customizedLimitAmount": 0}, "0", None),
        ({"customizedLimitAmount": None}, "0", None),
        ({"customizedLimitAmount": "x"}, "0", None),
        ({"customizedLimitAmount": "2100.00"}, "0", "2100"),
        ({"customizedLimitAmount": [2100]}, "0", None),
        ({}, "0", None),
    ],
)
def test_a_lowered_limit_is_used_if_nothing_contradicts_it(
    line: dict[str, Any], balance: str, expected: str | None
) -> None:
    details = {"creditData": {"disaggregatedCreditLimits": [line]}}
    limit = customized_limit(details, Decimal("5450"), Decimal("2001.48"), Decimal(balance))
    assert limit == (expected and Decimal(expected))


@pytest.mark.parametrize("lines", [None, {}, "x", 7, [None, 7, "x"], [[]]])
def test_odd_lines_change_nothing(lines: Any) -> None:
    details = {"creditData": {"disaggregatedCreditLimits": lines}}
    assert customized_limit(details, Decimal(100), Decimal(50), Decimal(50)) is None
    assert customized_limit({"creditData": lines}, Decimal(100), Decimal(50), Decimal(50)) is None


# --- 12: amounts within an account --------------------------------------------------------------------------


def test_reserved_and_invested_amounts_are_shown_within_the_account(
    alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    (item,) = read_example(pluggy, alice, "amounts-set-aside")
    account = item.accounts.get()
    expected = (SetAside(Decimal(500), False), SetAside(Decimal(300), True, "Viagem"))
    assert (account.balance, account.set_aside) == (Decimal(1000), expected)
    as_alice.cookies["django_language"] = "en"
    for url in (reverse("connections"), reverse("connection", args=[item.id]), reverse("net_worth")):
        page = as_alice.get(url).content.decode()
        assert "invested automatically" in page and "reserved" in page and "Viagem" in page, url
        assert "1.000,00" in page or "1,000.00" in page, url
    assert as_alice.get(reverse("net_worth_json")).status_code == 200


# --- 13, 14 -------------------------------------------------------------------------------------------------


def test_a_partial_success_is_read_whichever_field_says_it(alice: User, pluggy: LocalPluggy) -> None:
    (item,) = read_example(pluggy, alice, "partial-success")
    assert (item.status, item.execution_status) == ("UPDATED", "PARTIAL_SUCCESS")
    assert months(item.accounts.get()) == {"MERCADO": "2026-11"}
    (item,) = read_example(pluggy, alice, "partial-success", step=2)
    assert (item.status, item.accounts.get().balance) == ("UPDATED", Decimal(2440))
    assert set(months(item.accounts.get())) == {"MERCADO", "FEIRA"}


def test_a_movement_without_a_type_is_kept_and_shown(
    alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    (item,) = read_example(pluggy, alice, "movement-without-type")
    movements = InvestmentTransaction.objects.of(alice).order_by("local_date")
    assert [(movement.type, movement.amount) for movement in movements] == [
        ("", Decimal(1000)),
        ("INTEREST", Decimal(100)),
    ]
    assert not item.quarantined_records.exists()
    page = as_alice.get(reverse("investment", args=[item.investments.get().id])).content.decode()
    assert "APLICACAO" in page
    assert timezone.now() > movements[0].investment.item.read_at
