"""Bills: rows are paid with the bill that carries them, and each bill says what is on it and what is paid."""

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from banking import rollups
from banking.models import Account, CategoryTree, MonthTotal, Transaction
from banking.pluggy import payloads
from banking.upsert import products
from tests.payloads import bound_item
from tests.rows import an_account, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

CLOSES, DUE = date(2026, 11, 25), date(2026, 12, 5)


@pytest.fixture
def card(alice: User) -> Account:
    days = {"closes_on": CLOSES, "due_on": DUE, "credit_limit": 5000, "available_limit": 3500}
    return an_account(bound_item(alice), type="CREDIT", name="Cartão", **days)


def bill(card: Account, due: str, total: str = "100.00", **changes: Any) -> str:
    """Arrives from the bank; gives its id. Keys are Pluggy's (camelCase)."""
    body = {
        "id": str(uuid.uuid4()),
        "dueDate": f"{due}T00:00:00.000Z",
        "totalAmount": Decimal(total),
        "totalAmountCurrencyCode": "BRL",
    } | changes
    found = msgspec.convert(body, payloads.Bill)
    with transaction.atomic():
        changed = products.bills(card, [found], roots=CategoryTree.load().roots, now=timezone.now())
        rollups.apply(changed.deltas)
    return str(body["id"])


def bought(card: Account, on: str, amount: str, *, bill: str | None = None, **changes: Any) -> str:
    """A purchase of so much (a card's purchase is positive at the bank); gives its id."""
    row_id = str(uuid.uuid4())
    metadata = {"billId": bill} | changes.pop("metadata", {})
    body = {"id": row_id, "date": f"{on}T15:00:00Z", "amount": amount, "type": "DEBIT"}
    write(card, body | {"creditCardMetadata": metadata} | changes)
    return row_id


def paid_in(row_id: str) -> str:
    return f"{Transaction.objects.get(id=row_id).month_cash:%Y-%m}"


# --- The month of payment ----------------------------------------------------------------------------


def test_a_row_is_paid_when_its_bill_is_due_whichever_arrives_first(card: Account) -> None:
    early = str(uuid.uuid4())
    before = bought(card, "2026-10-20", "30.00", bill=early, metadata={"billForecastDate": "2026-10"})
    assert paid_in(before) == "2026-10"
    bill(card, "2026-11-05", id=early)
    after = bought(card, "2026-10-21", "12.00", bill=early, metadata={"billForecastDate": "2026-10"})
    assert (paid_in(before), paid_in(after)) == ("2026-11", "2026-11")
    assert rollups.differences() == []


def test_rows_move_with_the_due_day_of_their_bill(card: Account) -> None:
    mine = bill(card, "2026-11-05")
    row, other = bought(card, "2026-10-20", "30.00", bill=mine), bought(card, "2026-10-20", "7.00")
    bill(card, "2026-12-01", id=mine)
    assert (paid_in(row), paid_in(other)) == ("2026-12", "2026-11")
    assert rollups.differences() == []


def test_a_bill_that_did_not_move_moves_nothing(card: Account) -> None:
    mine = bill(card, "2026-11-05")
    bought(card, "2026-10-20", "30.00", bill=mine)
    seen = set(MonthTotal.objects.values_list("id", "total"))
    bill(card, "2026-11-05", "123.00", id=mine)
    assert set(MonthTotal.objects.values_list("id", "total")) == seen
