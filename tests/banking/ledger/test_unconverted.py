"""Foreign amounts that the bank has not converted: in no sum of the account's currency, until it does."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.ledger import monthly_totals
from banking.ledger.edits import Split
from banking.ledger.models import CategoryTree, Rule, Transaction, TransactionMatch
from banking.ledger.splits import replace_splits
from banking.money.periods import Month, Period
from banking.reports.spending import figures
from banking.reports.transaction_filter import TransactionFilter
from tests.household import Body, Household, body

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

SHOPPING, RESTAURANT = "08010000", "11010000"


@pytest.fixture
def household(alice: User) -> Household:
    return Household.of(alice)


def purchase(amount: str, currency: str, converted: Any = None, **more: Any) -> Body:
    return body(
        "C1", "11-06", "STREAM", amount, SHOPPING, type="DEBIT", currencyCode=currency,
        amountInAccountCurrency=converted, **more,
    )  # fmt: skip


def spending(user: User) -> dict[str, Decimal]:
    period = Period.of_month(Month.parse("2026-11"))
    of_month = figures(TransactionFilter(user, period), CategoryTree.load())
    return {each.currency: each.spending for each in of_month if each.spending}


def test_foreign_amounts_stand_beside_the_spending(household: Household) -> None:
    """C-6, R-10."""
    transactions = household.store(
        purchase("13.53", "USD", status="PENDING"),
        purchase("20", "USD", 108.4),
        purchase("15000", "ARS"),
        purchase("50", "BRL"),
    )
    assert spending(household.user) == {"BRL": Decimal("158.40"), "USD": Decimal("13.53"), "ARS": 15000}
    assert [transaction.is_unconverted for transaction in transactions] == [True, False, True, False]


@pytest.mark.parametrize(
    ("currency", "converted", "expected"),
    [
        ("USD", 0, {"USD": Decimal(20)}),  # some banks send 0 instead of nothing
        ("USD", -108.4, {"BRL": Decimal("108.40")}),
        ("BRL", None, {"BRL": Decimal(20)}),
        ("BRL", 0, {"BRL": Decimal(20)}),
        ("BRL", 20, {"BRL": Decimal(20)}),
    ],
)
def test_what_counts_as_converted(
    household: Household, currency: str, converted: Any, expected: dict[str, Decimal]
) -> None:
    household.store(purchase("20", currency, converted))
    assert spending(household.user) == expected


def test_a_foreign_purchase_moves_when_it_is_converted_and_back(household: Household) -> None:
    sent = purchase("13.53", "USD", status="PENDING")
    household.store(sent)
    household.store(sent | {"amountInAccountCurrency": 73.06, "status": "POSTED"})
    assert spending(household.user) == {"BRL": Decimal("73.06")}
    household.store(sent)
    assert spending(household.user) == {"USD": Decimal("13.53")}
    household.store(
        sent | {"currencyCode": "BRL", "amount": "73.06"}
    )  # other banks replace the amount itself
    assert spending(household.user) == {"BRL": Decimal("73.06")}
    before = set(household.store(sent)[0].account.transactions.values_list("signed_amount_currency"))
    monthly_totals.rebuild()
    assert monthly_totals.differences() == []
    assert before == {("USD",)}


def test_splits_move_with_the_purchase(household: Household) -> None:
    sent = purchase("20", "USD")
    household.store(sent)
    stored = Transaction.objects.select_related("account__item__connector").get()
    replace_splits(stored, [Split(Decimal(5), RESTAURANT), Split(Decimal(15), RESTAURANT)])
    assert monthly_totals.differences() == []
    assert spending(household.user) == {"USD": Decimal(20)}
    household.store(sent | {"amountInAccountCurrency": 108.41})
    assert spending(household.user) == {"BRL": Decimal("108.41")}
    parts = Transaction.objects.exclude(parent_transaction=None).values_list("signed_amount", flat=True)
    assert sorted(parts) == [Decimal("-81.30"), Decimal("-27.10")]
    household.store(sent)
    assert spending(household.user) == {"USD": Decimal(20)}
    assert sorted(parts.all()) == [-15, -5]


def test_splits_of_a_converted_purchase_move_back(household: Household) -> None:
    sent = purchase("20", "USD", 108.4)
    household.store(sent)
    stored = Transaction.objects.select_related("account__item__connector").get()
    replace_splits(stored, [Split(Decimal("27.10"), RESTAURANT)])
    assert spending(household.user) == {"BRL": Decimal("108.40")}
    household.store(sent | {"amountInAccountCurrency": None})
    assert spending(household.user) == {"USD": Decimal(20)}
    assert Transaction.objects.exclude(parent_transaction=None).get().signed_amount == -5
    assert monthly_totals.differences() == []


def test_a_refund_in_another_currency_is_not_that_of_the_purchase(household: Household) -> None:
    household.store(
        purchase("20", "USD"),
        body("C1", "11-08", "ESTORNO STREAM", "-20", SHOPPING, type="CREDIT", operationType="ESTORNO"),
    )
    assert spending(household.user) == {"BRL": Decimal(-20), "USD": Decimal(20)}
    assert not TransactionMatch.objects.exists()


def test_installments_and_bills_add_only_the_cards_currency(household: Household, as_alice: Client) -> None:
    card = household.accounts["C1"]
    card.closes_on, card.due_on = date(2026, 12, 2), date(2026, 12, 10)
    card.save()
    parts = {"creditCardMetadata": {"installmentNumber": 1, "totalInstallments": 3}}
    household.store(purchase("30", "USD", **parts), purchase("50", "BRL"))
    page = as_alice.get(reverse("bill", args=[card.id, "2026-12"]))
    text = page.content.decode()
    assert page.status_code == 200
    assert "30" in text
    statement = page.context["detail"].statement
    assert statement.owed == 50
    assert [(total.currency, total.owed) for total in statement.unconverted] == [("USD", 30)]
    listed = as_alice.get(reverse("cards"))
    assert re.search(r"30[.,]00.*?(not yet converted|ainda não converteu)", listed.content.decode(), re.S)
    by_id = {data["account"]: data for data in as_alice.get(reverse("cards_json")).json()["cards"]}
    assert by_id[str(card.id)]["open"]["unconverted"] == {"USD": "30.00"}
    installments = as_alice.get(reverse("installments"))
    assert "US$" not in installments.content.decode()


def test_pages_and_exports_show_the_foreign_currency(household: Household, as_alice: Client) -> None:
    stored = household.store(purchase("13.53", "USD"))[0]
    listed = as_alice.get(reverse("transactions") + "?from=2026-11-01&to=2026-11-30").content.decode()
    assert "13.53" in listed or "13,53" in listed
    assert "R$ 13" not in listed.replace("US$", "")
    detail = as_alice.get(reverse("transaction", args=[stored.id])).content.decode()
    assert "converted by the bank" in detail or "não converteu" in detail


def test_a_rule_with_an_amount_waits_for_the_conversion(household: Household) -> None:
    Rule.objects.create(
        user=household.user,
        position=1,
        text="stream",
        min_amount=10,
        max_amount=50,
        category_id=RESTAURANT,
        created_at=timezone.now(),
    )
    sent = purchase("20", "USD")
    assert household.store(sent)[0].category_id == SHOPPING
    converted = household.store(sent | {"amountInAccountCurrency": 49})[0]
    assert converted.category_id == RESTAURANT
