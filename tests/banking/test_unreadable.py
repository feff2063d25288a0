"""A-64: what cannot be read is kept aside with its reason, and takes nothing else with it."""

import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from banking import documents, rollups
from banking.models import Account, Bill, Item, Loan, UnreadableRow
from banking.pluggy import Listing, payloads
from banking.upsert import accounts, products
from tests.localpluggy import LocalPluggy
from tests.payloads import bound_item
from tests.rows import an_account
from tests.syncing import changed, live, remote, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

CPF = "123.456.789-09"
HOSTILE: list[tuple[dict[str, Any], str]] = [
    ({"amount": 1e308}, "amount: not an amount"),
    ({"amount": "NaN"}, "amount: not an amount"),
    ({"amount": "a lot"}, "amount: invalid decimal"),
    ({"amount": None}, "amount"),
    ({"amount": "0." + "1" * 30}, "amount: not an amount"),
    ({"balance": 1e17}, "balance: not an amount"),
    ({"date": "0000-01-01T00:00:00.000Z"}, "date: invalid"),
    ({"date": "0001-01-01T01:00:00.000Z"}, "date: the year 1"),
    ({"date": "9999-12-31T23:59:59.000Z"}, "date: the year 9999"),
    ({"date": "yesterday"}, "date"),
    ({"currencyCode": "B" * 40}, "currencyCode"),
    ({"order": 2**40}, "order"),
    ({"description": {"text": "x"}}, "description: expected str"),
]


@pytest.fixture
def item(alice: User, connect: Any) -> Item:
    connected: Item = connect(alice)
    return connected


def send(pluggy: LocalPluggy, item: Item, raw: dict[str, Any]) -> str:
    """A new row of the bank, of which some fields are what they should not be."""
    row = pluggy.spend(str(item.id), description="HOSTIL", amount="-3.00", silent=True)
    pluggy.control("PATCH", f"/transactions/{row['id']}", raw=raw, silent=True)
    return str(row["id"])


def test_rows_that_cannot_be_read_take_no_other_with_them(item: Item, pluggy: LocalPluggy) -> None:
    bad = {send(pluggy, item, raw): (raw, reason) for raw, reason in HOSTILE}
    good = pluggy.spend(str(item.id), description="BOA", amount="-4.00", silent=True)["id"]
    changed(item)
    first = run(item)
    assert first.outcome == "succeeded", first.error
    assert good in live(item) and not bad.keys() & live(item).keys()
    kept = {str(one.remote_id): one for one in UnreadableRow.objects.all()}
    assert kept.keys() == bad.keys()
    for row_id, (raw, reason) in bad.items():
        assert kept[row_id].reason.startswith(reason), (raw, kept[row_id].reason)
        assert "HOSTIL" in kept[row_id].body or "description" in raw
    assert {(one.what, one.user_id) for one in kept.values()} == {("transaction", item.user_id)}
    assert rollups.differences() == []


def test_a_row_of_another_account_is_kept_aside(item: Item, pluggy: LocalPluggy) -> None:
    account = item.accounts.get(subtype="CHECKING_ACCOUNT")
    rows = pluggy.truth(str(item.id))["transactions"][str(account.id)][:1]
    strange = rows[0] | {"id": str(uuid.uuid4()), "accountId": str(uuid.uuid4())}
    body = {"results": [*rows, strange], "next": None}
    pluggy.fault("status", f"{account.id}.*createdAtFrom", status=200, body=body)
    changed(item)
    assert run(item).rows_unreadable == 1
    assert "another account" in UnreadableRow.objects.get().reason
    changed(item)
    run(item)
    assert not UnreadableRow.objects.exists()  # asked for by its id, the account does not have it


def test_it_goes_when_it_can_be_read(item: Item, pluggy: LocalPluggy) -> None:
    bad = send(pluggy, item, {"amount": "a lot"})
    for _ in range(2):
        changed(item)
        run(item)
        assert UnreadableRow.objects.count() == 1
    pluggy.control("PATCH", f"/transactions/{bad}", amount="-5.00", silent=True)
    changed(item)
    run(item)
    assert not UnreadableRow.objects.exists()
    assert live(item) == remote(pluggy, item)


def test_it_goes_when_it_is_no_more_also_behind_the_window(item: Item, pluggy: LocalPluggy) -> None:
    bad = send(pluggy, item, {"amount": "a lot", "date": "2026-01-02T15:00:00.000Z"})
    changed(item)
    run(item)
    assert UnreadableRow.objects.count() == 1
    pluggy.control("DELETE", f"/transactions/{bad}", silent=True)
    changed(item)
    run(item)
    assert not UnreadableRow.objects.exists()


def test_a_row_that_becomes_unreadable_is_not_taken_for_gone(item: Item, pluggy: LocalPluggy) -> None:
    row = pluggy.spend(str(item.id), description="DEPOIS RUIM", amount="-3.00", silent=True)["id"]
    changed(item)
    run(item)
    pluggy.control("PATCH", f"/transactions/{row}", raw={"amount": []}, silent=True)
    changed(item)
    run(item)
    assert live(item)[row] == Decimal("-3.00")


def test_json_that_is_none_loses_one_row_only(item: Item, pluggy: LocalPluggy) -> None:
    """NaN as a number, and half a surrogate pair in a text."""
    account = item.accounts.get(subtype="CHECKING_ACCOUNT")
    rows = [
        row | {"id": str(uuid.uuid4())}
        for row in pluggy.truth(str(item.id))["transactions"][str(account.id)][:3]
    ]
    rows[1]["description"] = "CAF\ud800E, NaN, Infinity"
    rows[2]["amount"] = float("nan")
    body = json.dumps({"results": rows, "next": None})
    pluggy.fault("status", f"{account.id}.*createdAtFrom", status=200, body=body)
    changed(item)
    assert run(item).rows_written == 2
    assert UnreadableRow.objects.get().remote_id == uuid.UUID(rows[2]["id"])
    stored = account.transactions.get(id=rows[1]["id"])
    assert stored.description == "CAF\ufffdE, NaN, Infinity"


def test_a_megabyte_of_text_is_cut(item: Item, pluggy: LocalPluggy) -> None:
    row = send(pluggy, item, {"description": "x" * 2**20, "paymentData": {"referenceNumber": "9" * 2**20}})
    changed(item)
    run(item)
    stored = item.accounts.get(subtype="CHECKING_ACCOUNT").transactions.get(id=row)
    assert len(stored.description) == 2000


def test_no_document_is_kept(item: Item, pluggy: LocalPluggy) -> None:
    party = {"payer": {"name": "Ana", "documentNumber": {"type": "CPF", "value": CPF}}}
    bad = {"amount": [], "description": f"PIX {CPF} " + "y" * 9000, "paymentData": party}
    send(pluggy, item, bad)
    changed(item)
    run(item)
    kept = UnreadableRow.objects.get()
    assert "789-09" not in kept.body and "12345678909" not in kept.body
    assert len(kept.body) == 4000
    assert documents.redacted(b'{"id":"0f3c1c1e-5d1f-4b57-9a0c-6a1f2a7b9c10"}').count("0f3c1c1e") == 1


def test_other_accounts_go_on(item: Item, pluggy: LocalPluggy) -> None:
    listed = pluggy.truth(str(item.id))["accounts"]
    listed[0]["balance"] = 1e300
    body = {"results": listed, "total": 3, "totalPages": 1, "page": 1}
    pluggy.fault("status", "/accounts", status=200, body=body)
    changed(item)
    assert run(item).outcome == "succeeded"
    assert UnreadableRow.objects.get().what == "account"
    assert not item.accounts.exclude(missing_since=None).exists()  # it was listed, only not readable
    changed(item)
    run(item)
    assert not UnreadableRow.objects.exists()


def test_an_account_of_another_connection_is_kept_aside(alice: User) -> None:
    item = bound_item(alice)
    listed = payloads.Account(
        id=uuid.uuid4(), item_id=uuid.uuid4(), type="BANK", name="X", balance=Decimal(1), currency_code="BRL"
    )
    assert accounts.store(item, [listed], now=timezone.now()) == []
    assert "another connection" in item.unreadable.get().reason


def a_bill(**changes: Any) -> payloads.Bill:
    values: dict[str, Any] = {"id": uuid.uuid4(), "due_date": "2026-11-10", "total_amount": Decimal(10)}
    return payloads.Bill(**values | {"total_amount_currency_code": "BRL"} | changes)


def test_bills_and_loans_that_cannot_be_read_are_kept_aside(alice: User) -> None:
    card: Account = an_account(bound_item(alice), type="CREDIT")
    bad = [a_bill(due_date="soon"), a_bill(total_amount=Decimal("NaN")), a_bill(due_date="9999-12-31")]
    good = a_bill()
    listed = Listing([*bad, good, good])
    assert products.bills(card, listed, roots={}, now=timezone.now()).rows == 1
    assert Bill.objects.get().id == good.id
    assert card.unreadable.count() == 3
    products.bills(card, Listing([good]), roots={}, now=timezone.now())
    assert card.unreadable.count() == 0
    loan = payloads.Loan(
        id=uuid.uuid4(), product_name="X", currency_code="BRL",
        installments=payloads.LoanInstallments(total_number_of_installments=Decimal("Infinity")),
    )  # fmt: skip
    products.loans(card.item, Listing([loan]), now=timezone.now())
    assert not Loan.objects.exists()
    assert card.item.unreadable.get().what == "loan"
