"""Payments in a bank's bill: two of one day and amount are two if their ids differ, and one if they are equal."""

import json
import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from banking.ingest import product_upsert
from banking.ledger.models import Account, CategoryTree
from banking.pluggy import lenient, payloads
from banking.reports import cards
from tests.factories import create_account, create_item

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
TODAY = date(2026, 11, 28)


@pytest.fixture
def card(alice: User) -> Account:
    days: dict[str, Any] = {"closes_on": date(2026, 12, 3), "due_on": date(2026, 12, 10)}
    return create_account(create_item(alice), type="CREDIT", **days)


def entry(
    payment_id: Any, amount: float = 100, mode: str | None = "PIX", day: str = "2026-11-10"
) -> dict[str, Any]:
    return {"id": payment_id, "amount": amount, "paymentDate": day, "paymentMode": mode}


def paid(card: Account, *payments: dict[str, Any]) -> Decimal:
    """Return what is paid of the bill of November, which lists these payments."""
    body = {
        "id": str(uuid.uuid4()), "dueDate": "2026-11-10", "billClosingDate": "2026-11-03", "totalAmount": 300,
        "payments": payments,
    }  # fmt: skip
    payload = lenient.decode(json.dumps(body).encode(), payloads.Bill)
    product_upsert.store_bills(card, [payload], roots=CategoryTree.load().roots, now=timezone.now())
    return cards.bill_detail(card.user, card.id, "2026-11", today=TODAY).statement.paid


@pytest.mark.parametrize(
    ("payments", "expected"),
    [
        ([entry("a"), entry("b")], 200),
        ([entry("a"), entry("a")], 100),
        ([entry("a"), entry("b"), entry("a")], 200),
        ([entry("a", mode=None), entry("a", mode="PIX")], 100),  # the bank has said more since
        ([entry("0"), entry("0", amount=50)], 150),  # no id, but what fills the field
        ([entry("0"), entry("0", day="2026-11-11")], 200),
        ([entry(None), entry(None)], 100),
        ([entry(""), entry("")], 100),
        ([entry(None), entry("a")], 100),
        ([entry("a"), entry(None), entry("b")], 200),
        ([entry("a"), entry(None, mode="BANK_SLIP")], 200),
    ],
)
def test_ids_tell_payments_apart(card: Account, payments: list[dict[str, Any]], expected: int) -> None:
    assert paid(card, *payments) == expected


@pytest.mark.parametrize("odd", [7, [], {}, True, 1.5])
def test_an_odd_id_costs_only_itself(card: Account, odd: Any) -> None:
    assert paid(card, entry(odd)) == 100
