"""Installments dated at the purchase, told only by the text, and cancelled by a credit."""

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
from banking.reports.cards import InstallmentPurchase
from tests.banking.reports.test_cards import bill, installments_of, month_paid, purchase
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
    days: dict[str, Any] = {"closes_on": date(2026, 12, 2), "due_on": date(2026, 12, 10)}
    return create_account(create_item(alice), type="CREDIT", **days)


def part(
    card: Account, number: int, count: int, on: str, bought_on: str | None = None, **changes: Any
) -> str:
    """Store an installment of 150.00."""
    numbers = {"installmentNumber": number, "totalInstallments": count, "purchaseDate": bought_on}
    text = {"description": f"Loja Movel Parcela {number}/{count}"}
    metadata = numbers | changes.pop("metadata", {})
    return purchase(card, on, "150.00", **(text | changes), metadata=metadata)


def plan_of(card: Account) -> InstallmentPurchase:
    (plan,) = installments_of(card, TODAY).purchases
    return plan


def expected_months(plan: InstallmentPurchase) -> list[str]:
    return [str(installment.month) for installment in plan.installments if installment.is_expected]


# --- Dated at the purchase ---------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2026-09-15", "2026-09-17"])  # of the purchase, or posted a little later
def test_installments_dated_at_the_purchase_are_a_month_apart(
    card: Account, day: str, as_alice_today: Client
) -> None:
    parts = [part(card, number, 6, day, "2026-09-15") for number in (1, 2, 3)]
    assert list(map(month_paid, parts)) == ["2026-10", "2026-11", "2026-12"]
    plan = plan_of(card)
    assert (plan.current.number, plan.count, plan.expected) == (3, 6, Decimal(450))
    assert expected_months(plan) == ["2027-01", "2027-02", "2027-03"]
    assert "450,00" in as_alice_today.get(reverse("installments")).content.decode()
    assert monthly_totals.differences() == []


def test_installments_dated_in_their_own_months_are_on_the_bills_of_their_days(card: Account) -> None:
    days = ("2026-09-15", "2026-10-15", "2026-11-15")
    parts = [part(card, number + 1, 6, day, "2026-09-15") for number, day in enumerate(days)]
    assert list(map(month_paid, parts)) == ["2026-10", "2026-11", "2026-12"]


def test_all_installments_sent_at_once_leave_nothing_expected(card: Account) -> None:
    parts = [part(card, number, 4, "2026-11-15", "2026-11-15") for number in (4, 2, 1, 3)]
    assert list(map(month_paid, parts)) == ["2027-03", "2027-01", "2026-12", "2027-02"]
    assert (plan_of(card).remaining, plan_of(card).expected) == (Decimal(600), Decimal(0))


def test_purchase_after_the_closing_day_starts_a_bill_later(card: Account) -> None:
    parts = [part(card, number, 3, "2026-10-03", "2026-10-03") for number in (1, 2)]
    assert list(map(month_paid, parts)) == ["2026-11", "2026-12"]


def test_bill_of_the_bank_is_stronger_than_the_number(card: Account) -> None:
    bill_id = bill(card, "2026-11-10")
    on_bill = part(card, 3, 6, "2026-09-15", "2026-09-15", metadata={"billId": bill_id})
    forecast = part(card, 3, 6, "2026-09-15", "2026-09-15", metadata={"billForecastDate": "2026-10"})
    assert (month_paid(on_bill), month_paid(forecast)) == ("2026-11", "2026-10")


@pytest.mark.parametrize(
    ("number", "bought_on"),
    [(2, "2026-12-31"), (2, None), (500, "2026-09-15"), (1, "2026-07-01"), (0, "2026-09-15")],
)
def test_contradicting_numbers_leave_the_day(card: Account, number: int, bought_on: str | None) -> None:
    assert month_paid(part(card, number, 6, "2026-09-15", bought_on)) == "2026-10"


@pytest.mark.parametrize(
    ("number", "bought_on", "month"),
    [(4, "2026-11-15", "2027-03"), (4, None, "2027-03"), (1, None, "2027-01"), (None, None, "2027-01")],
)
def test_installment_without_a_bill_yet_is_not_on_the_open_one(
    card: Account, number: int, bought_on: str | None, month: str
) -> None:
    assert (
        month_paid(part(card, number, 6, "2026-11-15", bought_on, metadata={"billForecastDate": "0001-01"}))
        == month
    )


def test_card_without_closing_days_counts_months(card: Account) -> None:
    Account.objects.update(closes_on=None, due_on=None)
    card.refresh_from_db()
    assert month_paid(part(card, 3, 6, "2026-09-15", "2026-09-15")) == "2026-11"


# --- Only in the text --------------------------------------------------------------------------------------


def text(card: Account, on: str, words: str, amount: str = "100.00") -> str:
    return purchase(card, on, amount, description=words)


@pytest.mark.parametrize(
    "words", ["Compra Xpto {}/5", "COMPRA XPTO PARC 0{}/05", "Compra Xpto - Parcela {} de 5"]
)
def test_three_months_of_counting_texts_are_a_purchase(
    card: Account, words: str, as_alice_today: Client
) -> None:
    for number, on in ((1, "2026-09-10"), (2, "2026-10-10"), (3, "2026-11-10")):
        text(card, on, words.format(number))
    plan = plan_of(card)
    assert (plan.current.number, plan.count, plan.expected) == (3, 5, Decimal(200))
    assert expected_months(plan) == ["2027-01", "2027-02"]
    report = installments_of(card, TODAY)
    assert [(str(month.month), month.expected) for month in report.months] == [
        ("2027-01", Decimal(100)),
        ("2027-02", Decimal(100)),
    ]
    assert "200,00" in as_alice_today.get(reverse("installments")).content.decode()


@pytest.mark.parametrize(
    "sent",
    [
        [("2026-11-10", "Compra 3/5")],  # a single one may be a date
        [("2026-10-10", "Compra 2/5"), ("2026-11-10", "Compra 3/5")],
        [("2026-09-10", "Compra 1/5"), ("2026-10-10", "Compra 2/5"), ("2026-11-10", "Compra 3/6")],
        [("2026-09-10", "Loja 1/5"), ("2026-10-10", "Compra 2/5"), ("2026-11-10", "Compra 3/5")],
        [("2026-09-10", "Compra 5/9"), ("2026-10-10", "Compra 5/9"), ("2026-11-10", "Compra 5/9")],
        [("2026-11-10", "Compra 1/5"), ("2026-11-11", "Compra 2/5"), ("2026-11-12", "Compra 3/5")],
        [("2026-09-10", "Compra 7/5"), ("2026-10-10", "Compra 8/5"), ("2026-11-10", "Compra 9/5")],
        [("2026-09-10", "Compra 3/5"), ("2026-10-10", "Compra 2/5"), ("2026-11-10", "Compra 1/5")],
    ],
)
def test_other_texts_with_numbers_are_no_purchase(card: Account, sent: list[tuple[str, str]]) -> None:
    for on, words in sent:
        text(card, on, words)
    assert installments_of(card, TODAY).purchases == ()


def test_texts_with_different_amounts_are_no_purchase(card: Account) -> None:
    for number, on in ((1, "2026-09-10"), (2, "2026-10-10"), (3, "2026-11-10")):
        text(card, on, f"Compra {number}/5", f"{100 + number}.00")
    assert installments_of(card, TODAY).purchases == ()


def test_purchase_told_by_texts_that_is_paid_off(card: Account) -> None:
    for number, on in ((1, "2026-08-10"), (2, "2026-09-10"), (3, "2026-10-10")):
        text(card, on, f"Compra {number}/3")
    assert installments_of(card, TODAY).purchases == ()


# --- Cancelled ---------------------------------------------------------------------------------------------


def credit(card: Account, amount: str, words: str = "ESTORNO LOJA MOVEL", on: str = "2026-11-20") -> str:
    return purchase(card, on, f"-{amount}", type="CREDIT", description=words, operationType="ESTORNO")


def two_of_six(card: Account, **changes: Any) -> None:
    for number, on in ((1, "2026-09-15"), (2, "2026-10-15")):
        part(card, number, 6, on, "2026-09-15", **changes)


@pytest.mark.parametrize(
    ("amount", "is_cancelled"),
    [
        ("600.00", True),  # the four that remain
        ("599.99", True),  # rounded
        ("900.00", True),  # the whole purchase
        ("750.00", True),  # all after the first
        ("150.00", False),  # one of them
        ("450.00", False),  # three of the four
        ("610.00", False),
    ],
)
def test_credit_for_all_that_remains_ends_the_purchase(
    card: Account, amount: str, is_cancelled: bool
) -> None:
    two_of_six(card)
    assert plan_of(card).expected == Decimal(600)
    credit(card, amount)
    assert bool(installments_of(card, TODAY).purchases) is not is_cancelled


@pytest.mark.parametrize("words", ["ESTORNO", "ESTORNO OUTRA LOJA", "ESTORNO MOVEL"])
def test_credit_of_another_shop_ends_nothing(card: Account, words: str) -> None:
    two_of_six(card)
    credit(card, "600.00", words)
    assert plan_of(card).expected == Decimal(600)


def test_one_credit_ends_one_of_two_purchases(card: Account) -> None:
    for _ in range(2):
        two_of_six(card)
    credit(card, "600.00")
    assert plan_of(card).expected == Decimal(600)


def test_credit_ends_a_purchase_told_by_texts(card: Account) -> None:
    for number, on in ((1, "2026-09-10"), (2, "2026-10-10"), (3, "2026-11-10")):
        text(card, on, f"Compra Xpto {number}/5")
    credit(card, "200.00", "ESTORNO COMPRA XPTO")
    assert installments_of(card, TODAY).totals == {}
