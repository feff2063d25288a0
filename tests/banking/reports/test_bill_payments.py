"""Which bill a payment pays: excess, payments undone, and payments that a bank lists in the bill after."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.ledger import monthly_totals
from banking.ledger.models import Account
from banking.reports import cards
from tests.banking.reports.test_cards import bill, payment, purchase, report_of
from tests.factories import create_account, create_item

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

TODAY = date(2026, 11, 28)


@pytest.fixture
def as_alice_today(as_alice: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Return Alice's client on a site where it is TODAY."""
    monkeypatch.setattr(timezone, "localdate", lambda *_: TODAY)
    return as_alice


@pytest.fixture
def card(alice: User) -> Account:
    days: dict[str, Any] = {"closes_on": date(2026, 12, 3), "due_on": date(2026, 12, 10)}
    return create_account(create_item(alice), type="CREDIT", **days)


def paid_of(card: Account, today: date = TODAY) -> dict[str, tuple[Decimal, Decimal]]:
    """Return what is paid and what is left of each bill, by its month, and the same on the page of the bill."""
    report = report_of(card, today)
    statements = [*report.closed, report.open, *report.coming]
    for statement in statements:
        detail = cards.bill_detail(card.user, card.id, statement.name, today=today).statement
        assert (detail.paid, detail.unpaid) == (statement.paid, statement.unpaid)
    return {str(statement.month): (statement.paid, statement.unpaid) for statement in statements}


def amounts(*values: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, values))


def taken_back(card: Account, on: str, amount: str) -> str:
    """Store a payment that the card takes back."""
    return purchase(card, on, amount, categoryId=None, description="ESTORNO DE PAGAMENTO")


# --- What is paid beyond a bill ----------------------------------------------------------------------------


def closed_bill(card: Account, due: str, total: str, **changes: Any) -> str:
    """Store a bill, closed seven days before, with one purchase of its total."""
    closing = f"{due[:8]}03T00:00:00Z"
    bill_id = bill(card, due, total, **({"billClosingDate": closing} | changes))
    month = int(due[5:7]) - 1
    purchase(card, f"{due[:5]}{month:02}-20", total, bill=bill_id)
    return bill_id


def test_what_is_paid_beyond_a_closed_bill_pays_the_open_one(card: Account) -> None:
    closed_bill(card, "2026-11-10", "192.00")
    payment(card, "2026-11-10", "192.00")
    purchase(card, "2026-11-15", "1000.00")
    payment(card, "2026-11-25", "500.00")
    assert paid_of(card) == {"2026-11": amounts("192", "0"), "2026-12": amounts("500", "500")}
    report = report_of(card, TODAY)
    assert report.closed[0].state == "paid"
    assert [(due.month, due.unpaid) for due in cards.bills_due([report])] == [
        (report.open.month, Decimal(500))
    ]


def test_page_says_what_is_left_of_the_open_bill(card: Account, as_alice_today: Client) -> None:
    closed_bill(card, "2026-11-10", "192.00")
    payment(card, "2026-11-10", "692.00")
    purchase(card, "2026-11-15", "1000.00")
    for url in (reverse("cards"), reverse("bill", args=[card.id, "2026-12"])):
        assert "500,00" in as_alice_today.get(url).content.decode()


def test_one_payment_that_is_too_large_is_cut_in_two(card: Account) -> None:
    closed_bill(card, "2026-11-10", "192.00")
    transaction_id = payment(card, "2026-11-10", "700.00")
    purchase(card, "2026-11-15", "1000.00")
    report = report_of(card, TODAY)
    parts = [*report.closed[0].payments, *report.open.payments]
    assert [(part.amount, str(part.transaction_id)) for part in parts] == [
        (Decimal(192), transaction_id),
        (Decimal(508), transaction_id),
    ]


def test_excess_goes_through_several_bills(card: Account) -> None:
    for due in ("2026-09-10", "2026-10-10", "2026-11-10"):
        closed_bill(card, due, "100.00")
    payment(card, "2026-09-10", "250.00")
    assert paid_of(card) == {
        "2026-09": amounts("100", "0"),
        "2026-10": amounts("100", "0"),
        "2026-11": amounts("50", "50"),
        "2026-12": amounts("0", "0"),
    }


def test_excess_that_the_bank_has_deducted_itself_pays_nothing_twice(card: Account) -> None:
    closed_bill(card, "2026-10-10", "100.00")
    payment(card, "2026-10-10", "130.00")
    november = bill(card, "2026-11-10", "70.00", billClosingDate="2026-11-03T00:00:00Z")
    purchase(card, "2026-10-20", "100.00", bill=november)
    payment(card, "2026-11-10", "70.00")
    assert paid_of(card)["2026-11"] == amounts("70", "0")
    assert paid_of(card)["2026-12"] == amounts("0", "0")


def test_payment_of_a_bill_from_before_the_history_pays_no_other(card: Account) -> None:
    purchase(card, "2026-09-30", "20.00")
    payment(card, "2026-10-10", "900.00")
    purchase(card, "2026-10-15", "60.00")
    purchase(card, "2026-11-15", "40.00")
    assert paid_of(card)["2026-11"] == amounts("0", "60")
    assert paid_of(card)["2026-12"] == amounts("0", "40")


def test_bill_of_nothing_passes_everything_on(card: Account) -> None:
    bill(card, "2026-11-10", "0.00", billClosingDate="2026-11-03T00:00:00Z")
    payment(card, "2026-11-08", "30.00")
    purchase(card, "2026-11-15", "100.00")
    assert paid_of(card) == {"2026-11": amounts("0", "0"), "2026-12": amounts("30", "70")}


# --- Payments undone ---------------------------------------------------------------------------------------


def test_payment_that_the_card_takes_back_pays_nothing(card: Account) -> None:
    closed_bill(card, "2026-11-10", "300.00")
    payment(card, "2026-11-10", "300.00")
    taken_back(card, "2026-11-11", "300.00")
    assert paid_of(card)["2026-11"] == amounts("0", "300")
    assert report_of(card, TODAY).closed[0].owed == Decimal(300)
    assert report_of(card, TODAY).open.owed == 0
    assert monthly_totals.differences() == []


def test_payment_undone_and_made_again_pays_once(card: Account) -> None:
    closed_bill(card, "2026-11-10", "300.00")
    for on in ("2026-11-10", "2026-11-12"):
        payment(card, on, "300.00")
    taken_back(card, "2026-11-11", "300.00")
    assert paid_of(card)["2026-11"] == amounts("300", "0")


def test_payment_undone_on_the_same_day(card: Account) -> None:
    closed_bill(card, "2026-11-10", "300.00")
    taken_back(card, "2026-11-10", "300.00")
    payment(card, "2026-11-10", "300.00")
    assert paid_of(card)["2026-11"] == amounts("0", "300")


def test_part_of_a_payment_is_taken_back(card: Account) -> None:
    closed_bill(card, "2026-11-10", "300.00")
    payment(card, "2026-11-10", "300.00")
    taken_back(card, "2026-11-11", "100.00")
    assert paid_of(card)["2026-11"] == amounts("200", "100")


@pytest.mark.parametrize("listed_on", ["2026-11-10T00:00:00Z", None])
def test_payment_undone_that_the_bank_still_lists(card: Account, listed_on: str | None) -> None:
    in_bill = {"paymentDate": listed_on or "", "amount": Decimal("300.00"), "paymentMode": "PIX"}
    closed_bill(card, "2026-11-10", "300.00", payments=[in_bill])
    assert paid_of(card)["2026-11"] == amounts("300", "0")
    payment(card, "2026-11-10", "300.00")
    taken_back(card, "2026-11-11", "300.00")
    assert paid_of(card)["2026-11"] == amounts("0", "300")
    payment(card, "2026-11-13", "300.00")
    assert paid_of(card)["2026-11"] == amounts("300", "0")


# --- Payments that the bank lists in the bill after --------------------------------------------------------


def listed(*payments: tuple[str, str]) -> list[dict[str, Any]]:
    """Return payments as a bill lists them, from pairs of day and amount; without a day, it is unknown."""
    return [
        {"paymentDate": on and f"{on}T00:00:00Z", "amount": Decimal(amount), "valueType": "FULL_PAYMENT"}
        for on, amount in payments
    ]


def states(card: Account, today: date = TODAY) -> dict[str, str]:
    return {str(statement.month): statement.state for statement in report_of(card, today).closed}


@pytest.mark.parametrize("has_closing_day", [True, False])
@pytest.mark.parametrize("has_days", [True, False])
def test_payments_of_the_bill_before(card: Account, has_closing_day: bool, has_days: bool) -> None:
    if not has_closing_day:
        Account.objects.update(closes_on=None, due_on=None)
    paid = {"09": ("2026-08-08", "70"), "10": ("2026-09-09", "80"), "11": ("2026-10-08", "90")}
    for month, total in (("09", "80"), ("10", "90"), ("11", "100")):
        on, amount = paid[month]
        changes: dict[str, Any] = {"payments": listed((on if has_days else "", amount))}
        if has_closing_day:
            changes["billClosingDate"] = f"2026-{month}-03T00:00:00Z"
        bill(card, f"2026-{month}-10", total, **changes)
    assert states(card) == {"2026-09": "paid", "2026-10": "paid", "2026-11": "overdue"}
    assert states(card, date(2026, 11, 9))["2026-11"] == "unpaid"


def test_payment_of_the_bill_before_with_its_charges(card: Account) -> None:
    charge = {"type": "LATE_PAYMENT_FEE", "amount": Decimal("2.00")}
    bill(card, "2026-10-10", "90.00")
    bill(card, "2026-11-10", "100.00", payments=listed(("", "92.00")), financeCharges=[charge])
    assert states(card) == {"2026-10": "paid", "2026-11": "overdue"}


@pytest.mark.parametrize("has_days", [True, False])
def test_payments_of_the_bill_itself(card: Account, has_days: bool) -> None:
    for month, total in (("09", "80.00"), ("10", "90.00"), ("11", "100.00")):
        on = f"2026-{month}-09" if has_days else ""
        bill(card, f"2026-{month}-10", total, payments=listed((on, total)))
    assert set(states(card).values()) == {"paid"}


def test_equal_totals_are_decided_by_the_days(card: Account) -> None:
    for month, before in (("09", "08"), ("10", "09"), ("11", "10")):
        bill(card, f"2026-{month}-10", "50.00", payments=listed((f"2026-{before}-10", "50.00")))
    assert states(card) == {"2026-09": "paid", "2026-10": "paid", "2026-11": "overdue"}


def test_one_payment_in_two_bills_counts_once(card: Account) -> None:
    both = ("2026-10-09", "50.00")
    bill(card, "2026-10-10", "100.00", payments=listed(both))
    bill(card, "2026-11-10", "100.00", payments=listed(both))
    assert paid_of(card)["2026-10"] == amounts("50", "50")
    assert paid_of(card)["2026-11"] == amounts("0", "100")


def test_payments_in_bills_and_on_the_card_are_the_same_money(card: Account) -> None:
    bill(card, "2026-10-10", "90.00")
    bill(card, "2026-11-10", "100.00", payments=listed(("2026-10-09", "90.00")))
    payment(card, "2026-10-10", "90.00")
    assert paid_of(card)["2026-10"] == amounts("90", "0")
    assert paid_of(card)["2026-11"] == amounts("0", "100")
