"""Quarantine of records (A-64): an unreadable record is kept with its reason, and all others are stored."""

import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item
from banking.ingest import accounts, product_upsert
from banking.ledger import monthly_totals
from banking.ledger.models import (
    Bill,
    Loan,
    QuarantinedRecord,
)
from banking.money import documents
from banking.pluggy import Listing, payloads, product_payloads
from tests.factories import create_account, create_item
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, remote_amounts, run_sync, stored_amounts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

CPF = "123.456.789-09"
HOSTILE: list[tuple[dict[str, Any], str]] = [
    ({"amount": 1e308}, "amount: not an amount"),
    ({"amount": "NaN"}, "amount: not an amount"),
    ({"amount": "a lot"}, "amount: invalid decimal"),
    ({"amount": None}, "amount"),
    ({"amount": "0." + "1" * 30}, "amount: not an amount"),
    ({"date": "0000-01-01T00:00:00.000Z"}, "date: invalid"),
    ({"date": "0001-01-01T01:00:00.000Z"}, "date: the year 1"),
    ({"date": "9999-12-31T23:59:59.000Z"}, "date: the year 9999"),
    ({"date": "yesterday"}, "date"),
]


@pytest.fixture
def item(alice: User, connect: Callable[..., Item]) -> Item:
    return connect(alice)


def add_transaction(pluggy: LocalPluggy, item: Item, raw: dict[str, Any]) -> str:
    """Add a transaction at the bank with these raw fields, which may be invalid; return its id."""
    payload = pluggy.add_transaction(str(item.id), description="HOSTIL", amount="-3.00", silent=True)
    pluggy.control("PATCH", f"/transactions/{payload['id']}", raw=raw, silent=True)
    return str(payload["id"])


def test_unreadable_transactions_are_quarantined_and_others_stored(item: Item, pluggy: LocalPluggy) -> None:
    invalid = {add_transaction(pluggy, item, raw): (raw, reason) for raw, reason in HOSTILE}
    valid = pluggy.add_transaction(str(item.id), description="BOA", amount="-4.00", silent=True)["id"]
    mark_changed(item)
    first = run_sync(item)
    assert first.outcome == "succeeded", first.error
    assert valid in stored_amounts(item) and not invalid.keys() & stored_amounts(item).keys()
    records = {str(record.record_id): record for record in QuarantinedRecord.objects.all()}
    assert records.keys() == invalid.keys()
    for transaction_id, (raw, reason) in invalid.items():
        record = records[transaction_id]
        assert record.reason.startswith(reason), (raw, record.reason)
        assert "HOSTIL" in record.body or "description" in raw
        assert (record.record_type, record.user_id) == ("transaction", item.user_id)
    assert monthly_totals.differences() == []


def test_a_transaction_of_another_account_is_quarantined(item: Item, pluggy: LocalPluggy) -> None:
    account = item.accounts.get(subtype="CHECKING_ACCOUNT")
    listed = pluggy.truth(str(item.id))["transactions"][str(account.id)][:1]
    foreign = listed[0] | {"id": str(uuid.uuid4()), "accountId": str(uuid.uuid4())}
    body = {"results": [*listed, foreign], "next": None}
    pluggy.fault("status", f"{account.id}.*createdAtFrom", status=200, body=body)
    mark_changed(item)
    assert run_sync(item).records_quarantined == 1
    assert "another account" in QuarantinedRecord.objects.get().reason
    mark_changed(item)
    run_sync(item)
    assert not QuarantinedRecord.objects.exists()  # requested by its id, it is not in this account


def test_a_record_is_released_when_it_can_be_read(item: Item, pluggy: LocalPluggy) -> None:
    transaction_id = add_transaction(pluggy, item, {"amount": "a lot"})
    for _ in range(2):
        mark_changed(item)
        run_sync(item)
        assert QuarantinedRecord.objects.count() == 1
    pluggy.control("PATCH", f"/transactions/{transaction_id}", amount="-5.00", silent=True)
    mark_changed(item)
    run_sync(item)
    assert not QuarantinedRecord.objects.exists()
    assert stored_amounts(item) == remote_amounts(pluggy, item)


def test_a_record_deleted_at_the_bank_is_released_also_before_the_look_back_window(
    item: Item, pluggy: LocalPluggy
) -> None:
    transaction_id = add_transaction(pluggy, item, {"amount": "a lot", "date": "2026-01-02T15:00:00.000Z"})
    mark_changed(item)
    run_sync(item)
    assert QuarantinedRecord.objects.count() == 1
    pluggy.control("DELETE", f"/transactions/{transaction_id}", silent=True)
    mark_changed(item)
    run_sync(item)
    assert not QuarantinedRecord.objects.exists()


def test_a_stored_transaction_that_becomes_unreadable_is_not_removed(item: Item, pluggy: LocalPluggy) -> None:
    transaction_id = pluggy.add_transaction(
        str(item.id), description="DEPOIS RUIM", amount="-3.00", silent=True
    )["id"]
    mark_changed(item)
    run_sync(item)
    pluggy.control("PATCH", f"/transactions/{transaction_id}", raw={"amount": []}, silent=True)
    mark_changed(item)
    run_sync(item)
    assert stored_amounts(item)[transaction_id] == Decimal("-3.00")


def test_invalid_json_quarantines_only_its_own_transaction(item: Item, pluggy: LocalPluggy) -> None:
    """NaN as a number is quarantined; a lone surrogate in a text is replaced."""
    account = item.accounts.get(subtype="CHECKING_ACCOUNT")
    existing = pluggy.truth(str(item.id))["transactions"][str(account.id)][:3]
    listed = [payload | {"id": str(uuid.uuid4())} for payload in existing]
    listed[1]["description"] = "CAF\ud800E, NaN, Infinity"
    listed[2]["amount"] = float("nan")
    body = json.dumps({"results": listed, "next": None})
    pluggy.fault("status", f"{account.id}.*createdAtFrom", status=200, body=body)
    mark_changed(item)
    assert run_sync(item).records_written == 2
    assert QuarantinedRecord.objects.get().record_id == uuid.UUID(listed[2]["id"])
    stored = account.transactions.get(id=listed[1]["id"])
    assert stored.description == "CAF\ufffdE, NaN, Infinity"


def test_a_megabyte_of_text_is_truncated(item: Item, pluggy: LocalPluggy) -> None:
    raw = {"description": "x" * 2**20, "paymentData": {"referenceNumber": "9" * 2**20}}
    transaction_id = add_transaction(pluggy, item, raw)
    mark_changed(item)
    run_sync(item)
    stored = item.accounts.get(subtype="CHECKING_ACCOUNT").transactions.get(id=transaction_id)
    assert len(stored.description) == 2000


def test_a_quarantined_record_contains_no_document_number(item: Item, pluggy: LocalPluggy) -> None:
    party = {"payer": {"name": "Ana", "documentNumber": {"type": "CPF", "value": CPF}}}
    raw = {"amount": [], "description": f"PIX {CPF} " + "y" * 9000, "paymentData": party}
    add_transaction(pluggy, item, raw)
    mark_changed(item)
    run_sync(item)
    record = QuarantinedRecord.objects.get()
    assert "789-09" not in record.body and "12345678909" not in record.body
    assert len(record.body) == 4000
    assert documents.redacted(b'{"id":"0f3c1c1e-5d1f-4b57-9a0c-6a1f2a7b9c10"}').count("0f3c1c1e") == 1


def test_an_unreadable_account_is_quarantined_and_not_marked_as_missing(
    item: Item, pluggy: LocalPluggy
) -> None:
    listed = pluggy.truth(str(item.id))["accounts"]
    listed[0]["balance"] = 1e300
    body = {"results": listed, "total": 3, "totalPages": 1, "page": 1}
    pluggy.fault("status", "/accounts", status=200, body=body)
    mark_changed(item)
    assert run_sync(item).outcome == "succeeded"
    assert QuarantinedRecord.objects.get().record_type == "account"
    assert not item.accounts.exclude(missing_since=None).exists()  # it is listed, although unreadable
    mark_changed(item)
    run_sync(item)
    assert not QuarantinedRecord.objects.exists()


def test_an_account_of_another_connection_is_quarantined(alice: User) -> None:
    item = create_item(alice)
    listed = payloads.Account(
        id=uuid.uuid4(), item_id=uuid.uuid4(), type="BANK", name="X", balance=Decimal(1), currency_code="BRL"
    )
    assert accounts.store(item, [listed], now=timezone.now()) == []
    assert "another connection" in item.quarantined_records.get().reason


def bill_payload(**changes: Any) -> payloads.Bill:
    values: dict[str, Any] = {"id": uuid.uuid4(), "due_date": "2026-11-10", "total_amount": Decimal(10)}
    return payloads.Bill(**values | {"total_amount_currency_code": "BRL"} | changes)


def test_unreadable_bills_and_loans_are_quarantined(alice: User) -> None:
    card = create_account(create_item(alice), type="CREDIT")
    invalid = [
        bill_payload(due_date="soon"),
        bill_payload(total_amount=Decimal("NaN")),
        bill_payload(due_date="9999-12-31"),
    ]
    valid = bill_payload()
    listed = Listing([*invalid, valid, valid])
    assert product_upsert.store_bills(card, listed, roots={}, now=timezone.now()).count == 1
    assert Bill.objects.get().id == valid.id
    assert card.quarantined_records.count() == 3
    product_upsert.store_bills(card, Listing([valid]), roots={}, now=timezone.now())
    assert card.quarantined_records.count() == 0
    loan = product_payloads.Loan(
        id=uuid.uuid4(),
        product_name="X",
        currency_code="BRL",
        item_id=uuid.uuid4(),
    )
    product_upsert.store_loans(card.item, Listing([loan]), now=timezone.now())
    assert not Loan.objects.exists()
    assert card.item.quarantined_records.get().record_type == "loan"
