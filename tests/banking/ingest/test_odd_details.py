"""An odd detail of a payload costs nothing but itself: the money still counts."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.transaction import atomic
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Item, SyncRun
from banking.ingest import accounts, product_upsert, transaction_upsert, validation
from banking.ledger import double_listings, monthly_totals
from banking.ledger.models import (
    Account,
    Bill,
    CategoryTree,
    Investment,
    InvestmentTransaction,
    Loan,
    QuarantinedRecord,
    Transaction,
)
from banking.pluggy import payloads, product_payloads
from banking.web.api_client import pluggy as our_client
from tests.factories import create_account, create_investment, create_item
from tests.ingest_worlds import load_world
from tests.local_pluggy import LocalPluggy
from tests.odd_payloads import (
    ACCOUNT,
    BILL,
    INVESTMENT,
    LOAN,
    MOVEMENT,
    TIME,
    TRANSACTION,
    decode,
    key,
    variants,
)
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


def no_problem(item: Item) -> bool:
    problems = [(record.reason, record.body) for record in item.quarantined_records.all()[:5]]
    assert problems == []
    return True


def net_worth(user: User, client: Client) -> Decimal:
    """Find again what is listed twice; return the net worth, as the page and the JSON show it."""
    with atomic():
        double_listings.update(user.pk, roots=CategoryTree.load().roots, now=timezone.now())
    assert client.get(reverse("net_worth")).status_code == 200
    (currency,) = client.get(reverse("net_worth_json")).json()["currencies"]
    return Decimal(currency["net_worth"])


@pytest.mark.parametrize("account_type", ["BANK", "CREDIT"])
def test_every_optional_field_of_a_transaction_may_be_odd(
    alice: User, as_alice: Client, account_type: str
) -> None:
    account = create_account(create_item(alice), type=account_type)
    sign = 1 if account_type == "CREDIT" else -1
    base = {"accountId": str(account.id), "amount": 12.5 * sign}
    made = list(variants(TRANSACTION, strict=key("id", "accountId", "amount", "date"), base=base))
    values_in_account_currency = [f"('amountInAccountCurrency',): {number}" for number in (7, -1.5)]
    bodies = {body["id"]: name for name, body in made if name not in values_in_account_currency}
    listed = decode([body for _, body in made if body["id"] in bodies], payloads.Transaction)
    assert not listed.unreadable
    valid, invalid = validation.split_valid(listed, account=account)
    assert not invalid, [(record.reason, record.body) for record in invalid[:3]]
    roots, now = CategoryTree.load().roots, timezone.now()
    result = transaction_upsert.store(account, valid, roots=roots, read_at=now)
    monthly_totals.apply(result.deltas)
    stored = {str(transaction.id): transaction for transaction in Transaction.objects.of(alice)}
    wrong = [
        (name, stored[id].signed_amount if id in stored else None)
        for id, name in bodies.items()
        if id not in stored or stored[id].signed_amount != Decimal("-12.5")
    ]
    assert wrong == []
    assert monthly_totals.differences() == []
    assert as_alice.get(reverse("transactions"), {"month": "2026-11"}).status_code == 200
    again = transaction_upsert.store(account, valid, roots=roots, read_at=now + timedelta(minutes=1))
    assert again.count == 0


def test_every_optional_field_of_an_account_may_be_odd(alice: User, as_alice: Client) -> None:
    item = create_item(alice)
    made = list(variants(ACCOUNT, strict=key("id", "itemId", "balance"), base={"itemId": str(item.id)}))
    accounts.store(item, decode([body for _, body in made], payloads.Account), now=timezone.now())
    assert no_problem(item)
    balances = {str(account.id): account for account in Account.objects.of(alice)}
    for name, body in made:
        account = balances[body["id"]]
        assert (account.balance, account.type, account.currency) == (Decimal("1000.5"), "BANK", "BRL"), name
    assert net_worth(alice, as_alice) == len(made) * Decimal("1000.5")


def test_every_optional_field_of_a_card_may_be_odd(alice: User, as_alice: Client) -> None:
    """A card differs in what says that its balance is owed, and that it shares the line of another card."""
    item = create_item(alice)
    body = {name: value for name, value in ACCOUNT.items() if name != "bankData"} | {"subtype": "CREDIT_CARD"}
    strict = key("id", "itemId", "balance")
    made = [
        (name, changed | ({"type": "CREDIT"} if "('type',)" not in name else {}))
        for name, changed in variants(body, strict=strict, base={"itemId": str(item.id)})
        if "disaggregatedCreditLimits" not in name  # the cards with one line are owed once
    ]
    for number, (_, changed) in enumerate(made):
        changed["balance"] = 1000 + number  # another balance, so that no two share a line
    accounts.store(item, decode([changed for _, changed in made], payloads.Account), now=timezone.now())
    assert no_problem(item)
    assert {account.type for account in Account.objects.of(alice)} == {"CREDIT"}
    assert net_worth(alice, as_alice) == -sum(changed["balance"] for _, changed in made)
    assert as_alice.get(reverse("cards")).status_code == 200


def test_odd_credit_lines_leave_each_card_owed(alice: User, as_alice: Client) -> None:
    item = create_item(alice)
    strict = key("id", "itemId", "balance")
    card = ACCOUNT | {"subtype": "CREDIT_CARD", "type": "CREDIT", "bankData": None}
    lines = [
        changed
        for name, changed in variants(card, strict=strict, base={"itemId": str(item.id)})
        if "disaggregatedCreditLimits" in name
    ]
    for number, changed in enumerate(lines):
        changed["balance"] = 1000 + number
    accounts.store(item, decode(lines, payloads.Account), now=timezone.now())
    assert no_problem(item)
    assert net_worth(alice, as_alice) == -sum(changed["balance"] for changed in lines)


def test_an_odd_card_stays_a_card_in_its_currency(alice: User) -> None:
    item = create_item(alice)
    card = create_account(item, type="CREDIT", currency="USD", name="Cartão")
    new = str(uuid.uuid4())
    bodies = [
        {"id": str(card.id), "balance": 5, "type": None, "currencyCode": 7, "name": []},
        {"id": new, "balance": 5, "type": 3, "subtype": "CREDIT_CARD", "creditData": "x"},
    ]
    accounts.store(item, decode(bodies, payloads.Account), now=timezone.now())
    assert no_problem(item)
    card.refresh_from_db()
    assert (card.balance, card.type, card.currency, card.name) == (5, "CREDIT", "USD", "Cartão")
    assert Account.objects.get(id=new).type == "CREDIT"


def test_every_optional_field_of_a_bill_may_be_odd(alice: User, as_alice: Client) -> None:
    card = create_account(create_item(alice), type="CREDIT")
    made = list(variants(BILL, strict=key("id", "dueDate", "totalAmount"), base={}))
    listed = decode([body for _, body in made], payloads.Bill)
    product_upsert.store_bills(card, listed, roots={}, now=timezone.now())
    assert no_problem(card.item)
    totals = dict(Bill.objects.of(alice).values_list("id", "total"))
    assert len(totals) == len(made) and set(totals.values()) == {Decimal("600.25")}
    for bill in Bill.objects.of(alice):
        parts = [*bill.finance_charges, *bill.payments]
        assert all(Decimal(part["amount"]).is_finite() for part in parts)
    assert as_alice.get(reverse("cards")).status_code == 200


def test_every_optional_field_of_an_investment_may_be_odd(alice: User, as_alice: Client) -> None:
    item = create_item(alice)
    strict = key("id", "itemId", "balance")
    made = list(variants(INVESTMENT, strict=strict, base={"itemId": str(item.id)}))
    listed = decode([body for _, body in made], product_payloads.Investment)
    product_upsert.store_investments(item, listed, now=timezone.now())
    assert no_problem(item)
    stored = Investment.objects.of(alice)
    assert stored.count() == len(made)
    assert {(each.current_value, each.currency, each.is_held) for each in stored} == {
        (Decimal("300.75"), "BRL", True)
    }
    assert net_worth(alice, as_alice) == len(made) * Decimal("300.75")
    assert as_alice.get(reverse("investments")).status_code == 200


def test_every_optional_field_of_a_movement_may_be_odd(alice: User, as_alice: Client) -> None:
    investment = create_investment(create_item(alice))
    made = list(variants(MOVEMENT, strict=key("id", "date"), base={}))
    listed = decode([body for _, body in made], product_payloads.InvestmentTransaction)
    product_upsert.store_investment_transactions(investment, listed, now=timezone.now())
    assert no_problem(investment.item)
    assert InvestmentTransaction.objects.of(alice).count() == len(made)
    assert as_alice.get(reverse("investment", args=[investment.id])).status_code == 200


def test_every_optional_field_of_a_loan_may_be_odd(alice: User, as_alice: Client) -> None:
    item = create_item(alice)
    strict = {*key("id", "itemId", "payments"), ("payments", "contractOutstandingBalance")}
    made = list(variants(LOAN, strict=strict, base={"itemId": str(item.id)}))
    for number, (_, body) in enumerate(made):  # each is a contract of its own
        for name in ("ipocCode", "contractNumber"):
            if body.get(name) == LOAN[name]:
                body[name] = f"{number:022}"
    product_upsert.store_loans(item, decode([b for _, b in made], product_payloads.Loan), now=timezone.now())
    assert no_problem(item)
    stored = Loan.objects.of(alice)
    assert stored.count() == len(made)
    assert {(loan.outstanding, loan.currency) for loan in stored} == {(Decimal("400.25"), "BRL")}
    assert net_worth(alice, as_alice) == -len(made) * Decimal("400.25")


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": None}, {"amount": "a lot"}, {"amount": []}, {"date": None}, {"date": 7}, {"date": "soon"},
        {"id": 7}, {"accountId": ""},
    ],
)  # fmt: skip
def test_ids_amounts_and_dates_stay_strict(alice: User, changes: dict[str, Any]) -> None:
    account = create_account(create_item(alice))
    body = TRANSACTION | {"id": str(uuid.uuid4()), "accountId": str(account.id)} | changes
    listed = decode([body], payloads.Transaction)
    assert not listed and listed.unreadable[0].reason.startswith(next(iter(changes)))


def test_a_transaction_without_times_takes_changes_and_is_not_written_twice(alice: User) -> None:
    account = create_account(create_item(alice))
    roots, now = CategoryTree.load().roots, timezone.now()
    body = TRANSACTION | {"id": str(uuid.uuid4()), "accountId": str(account.id)}

    def store(minutes: int, **changes: Any) -> int:
        listed = decode([body | changes], payloads.Transaction)
        valid, _ = validation.split_valid(listed, account=account)
        read_at = now + timedelta(minutes=minutes)
        result = transaction_upsert.store(account, valid, roots=roots, read_at=read_at)
        monthly_totals.apply(result.deltas)
        return result.count

    later = (now + timedelta(days=3)).isoformat()
    assert store(0, createdAt=None, updatedAt=None) == 1
    assert store(1, createdAt=None, updatedAt=None) == 0
    assert store(2, createdAt=None, updatedAt=None, amount=-13) == 1
    assert store(3, updatedAt=later) == 1
    assert store(4, createdAt="", updatedAt={}, amount=-14) == 1
    assert store(5, updatedAt=TIME, amount=-15) == 0  # older than what is stored
    assert Transaction.objects.get().signed_amount == -14
    assert monthly_totals.differences() == []


def test_a_correction_counts_although_our_clock_was_ahead_when_the_times_were_missing(alice: User) -> None:
    account, now = create_account(create_item(alice)), timezone.now()
    body = TRANSACTION | {"id": str(uuid.uuid4()), "accountId": str(account.id)}
    sent_times: list[tuple[timedelta, dict[str, Any]]] = [
        (timedelta(hours=1), {"createdAt": None, "updatedAt": None}),
        (timedelta(hours=2), {"createdAt": TIME, "updatedAt": now.isoformat(), "amount": -13}),
    ]
    for ahead, changes in sent_times:
        valid, _ = validation.split_valid(decode([body | changes], payloads.Transaction), account=account)
        result = transaction_upsert.store(
            account, valid, roots=CategoryTree.load().roots, read_at=now + ahead
        )
        monthly_totals.apply(result.deltas)
    assert Transaction.objects.get().signed_amount == -13


def test_odd_details_of_bills_hide_no_bill(alice: User, pluggy: LocalPluggy) -> None:
    bills = [
        {"dueDate": "2026-11-10", "totalAmount": 600, "financeCharges": [{"type": None, "amount": 1.5}],
         "payments": []},
        {"dueDate": "2026-10-10", "totalAmount": 500, "financeCharges": None,
         "payments": [{"paymentDate": None, "amount": 500, "valueType": "FULL_PAYMENT"}]},
        {"dueDate": "2026-09-10", "totalAmount": 400, "financeCharges": None, "payments": None},
    ]  # fmt: skip
    raw = [{"raw": True, "id": str(uuid.uuid4()), "totalAmountCurrencyCode": "BRL"} | bill for bill in bills]
    card = {"subtype": "CREDIT_CARD", "number": "4014", "balance": 600, "transactions": [], "bills": raw}
    card["creditData"] = {"balanceCloseDate": "2026-12-02", "balanceDueDate": "2026-12-10"}
    (item_id,) = load_world(pluggy, alice, {"items": [{"connectorId": 9002, "accounts": [card]}]})
    item = actions.claim(alice, item_id, client=our_client(), now=timezone.now())
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    assert no_problem(item)
    november, october, september = Bill.objects.of(alice)
    assert (november.total, october.total, september.total) == (600, 500, 400)
    assert november.finance_charges[0]["amount"] == "1.5"
    assert [Decimal(payment["amount"]) for payment in october.payments] == [500]
    mark_changed(item)
    assert run_sync(item).records_written == 0


def test_null_times_of_a_bank_are_read_in_full(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item]
) -> None:
    item = connect(alice)
    account = item.accounts.get(subtype="CHECKING_ACCOUNT")
    listed = pluggy.truth(str(item.id))["transactions"][str(account.id)][:2]
    listed[0] |= {"createdAt": None, "updatedAt": None, "id": str(uuid.uuid4()), "amount": -77}
    listed[1] |= {"createdAt": "2026-11-05T15:00:00", "id": str(uuid.uuid4()), "amount": -78}
    pluggy.fault("status", f"{account.id}.*createdAtFrom", status=200, body={"results": listed, "next": None})
    mark_changed(item)
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    stored = Transaction.objects.filter(id__in=[payload["id"] for payload in listed])
    assert sorted(stored.values_list("amount", flat=True)) == [-78, -77]
    assert not QuarantinedRecord.objects.exists()
