"""Transactions of the future: installments to come, and scheduled payments; and products that are new at Pluggy."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db.transaction import atomic
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Item, Product, SyncRun
from banking.ledger import monthly_totals
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import (
    Basis,
    CategoryTree,
    DeletionReview,
    InvestmentTransaction,
    Loan,
    Transaction,
)
from banking.ledger.overrides import save_edits
from banking.money.periods import Month, Period
from banking.reports.spending import spending_report
from banking.reports.transaction_filter import TransactionFilter
from banking.web.api_client import pluggy as our_client
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
ITEM = "12000000-0000-4000-8000-000000000001"


def load(pluggy: LocalPluggy, user: User, *accounts: dict[str, Any], **more: Any) -> Item:
    """Add the accounts to the user's only item, sync it, and return it."""
    world = {
        "mode": "extend",
        "items": [{"id": ITEM, "connectorId": 9002, "accounts": list(accounts)} | more],
    }
    pluggy.control("POST", f"/world?clientUserId={user.reference}", **world)
    item = actions.claim(user, UUID(ITEM), client=our_client(), now=timezone.now())
    mark_changed(item)
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    assert list(monthly_totals.differences()) == []
    return item


def remove(pluggy: LocalPluggy, *transactions: dict[str, Any]) -> None:
    """Delete transactions at the bank."""
    for transaction in transactions:
        pluggy.control("DELETE", f"/transactions/{transaction['id']}")


def card(*transactions: dict[str, Any]) -> dict[str, Any]:
    return {"subtype": "CREDIT_CARD", "number": "4120", "balance": 1200, "transactions": list(transactions)}


def checking(*transactions: dict[str, Any]) -> dict[str, Any]:
    return {
        "subtype": "CHECKING_ACCOUNT",
        "number": "0001/1-0",
        "balance": 100,
        "transactions": list(transactions),
    }


def installment(number: int, *, closing: int = 0, shift: int = 0) -> dict[str, Any]:
    """Return the installment that is due `number` - 1 months from now, as sent after some closings."""
    month = Month.of(timezone.localdate()) + (number - 1)
    metadata = {"installmentNumber": number, "totalInstallments": 12, "billForecastDate": str(month)}
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{number}/{closing}")),
        "date": f"{month.day(min(10 + shift, 28))}T15:00:00.000Z",
        "amount": 100,
        "status": "PENDING",
        "description": f"LOJA MOVEL {number}/12",
        "categoryId": "08000000",
        "creditCardMetadata": metadata,
    }  # fmt: skip


def spent(user: User, month: Month, basis: Basis = Basis.ACCRUAL) -> Decimal:
    filters = TransactionFilter(user=user, period=Period.of_month(month), basis=basis)
    return spending_report(filters, CategoryTree.load()).main.spending


def this_month() -> Month:
    return Month.of(timezone.localdate())


def test_each_future_installment_counts_in_its_own_month(alice: User, pluggy: LocalPluggy) -> None:
    load(pluggy, alice, card(*map(installment, range(1, 13))))
    for basis in Basis:
        assert [spent(alice, this_month() + past, basis) for past in range(12)] == [Decimal(100)] * 12
        assert spent(alice, this_month() + 12, basis) == 0


@pytest.mark.parametrize("shift", [0, 3])
def test_new_ids_at_a_closing_double_nothing_and_lose_no_edit(
    shift: int, alice: User, pluggy: LocalPluggy
) -> None:
    load(pluggy, alice, card(*map(installment, range(2, 13))))
    for transaction in Transaction.objects.of(alice).filter(installment_number__in=(2, 5, 12)):
        note = f"plan {transaction.installment_number}"
        with atomic():
            save_edits(transaction, TransactionEdits(note=note))
    remove(pluggy, *map(installment, range(2, 13)))
    load(pluggy, alice, card(*(installment(number, closing=1, shift=shift) for number in range(2, 13))))
    live = Transaction.objects.of(alice).live()
    numbers = live.order_by("installment_number").values_list("installment_number", flat=True)
    assert list(numbers) == list(range(2, 13))
    notes = dict(live.exclude(note="").values_list("installment_number", "note"))
    assert notes == {2: "plan 2", 5: "plan 5", 12: "plan 12"}
    assert not DeletionReview.objects.exists()
    assert [spent(alice, this_month() + past) for past in range(1, 12)] == [Decimal(100)] * 11


def test_unchanged_installments_keep_their_ids(alice: User, pluggy: LocalPluggy) -> None:
    item = load(pluggy, alice, card(*map(installment, range(1, 13))))
    stored = set(Transaction.objects.of(alice).values_list("id", "bank_updated_at"))
    for _ in range(2):
        mark_changed(item)
        run = run_sync(item)
        assert run.transactions_removed == 0
    assert set(Transaction.objects.of(alice).values_list("id", "bank_updated_at")) == stored


def test_a_scheduled_payment_counts_in_the_month_in_which_it_is_paid(
    alice: User, pluggy: LocalPluggy
) -> None:
    month = this_month() + 2
    scheduled = {
        "id": str(uuid.uuid4()), "date": f"{month.day(5)}T15:00:00.000Z", "amount": -250, "status": "PENDING",
        "description": "PIX AGENDADO ALUGUEL", "categoryId": "17010000",
    }  # fmt: skip
    load(pluggy, alice, checking(scheduled))
    transaction = Transaction.objects.of(alice).get()
    assert transaction.is_pending
    assert spent(alice, this_month()) == 0
    assert spent(alice, month) == 250
    # The bank pays it under the same id, a day later.
    paid = scheduled | {"date": f"{month.day(6)}T15:00:00.000Z", "status": "POSTED"}
    load(pluggy, alice, checking(paid))
    assert Transaction.objects.of(alice).live().get().id == transaction.id
    assert spent(alice, month) == 250


def test_a_cancelled_scheduled_payment_counts_nowhere(alice: User, pluggy: LocalPluggy) -> None:
    day = timezone.localdate() + timedelta(days=40)
    scheduled = {
        "id": str(uuid.uuid4()), "date": f"{day}T15:00:00.000Z", "amount": -250, "status": "PENDING",
        "description": "PIX AGENDADO", "categoryId": "17010000",
    }  # fmt: skip
    other = {"date": f"{timezone.localdate()}T15:00:00.000Z", "amount": -10, "description": "PADARIA"}
    load(pluggy, alice, checking(scheduled, other))
    remove(pluggy, scheduled)
    load(pluggy, alice, checking())
    assert not Transaction.objects.of(alice).live().filter(description="PIX AGENDADO").exists()
    assert spent(alice, Month.of(day)) == (10 if Month.of(day) == this_month() else 0)


def test_new_products_and_fields_break_nothing(alice: User, pluggy: LocalPluggy) -> None:
    item = load(
        pluggy,
        alice,
        checking(),
        products=[*Product.values, "EXCHANGE_OPERATIONS", "BROKERAGE_NOTE", "NEW"],
        investments=[{
            "id": str(uuid.uuid4()), "type": "EQUITY", "name": "ACAO", "balance": 50, "date": "2026-11-27",
        }],
        loans=[{"id": str(uuid.uuid4()), "productName": "Consignado", "date": "2026-11-27"}],
    )  # fmt: skip
    investment, loan = item.investments.get(), item.loans.get()
    movement = {
        "id": str(uuid.uuid4()), "type": "BUY", "date": "2026-11-20", "amount": 50, "brokerageNumber": "N-77",
        "brokerageNote": {"fees": [1, None]},
    }  # fmt: skip
    portability = {"status": "REQUESTED", "creditorName": "BANCO B", "date": None}
    loan_body = {
        "id": str(loan.id),
        "productName": "Consignado",
        "currencyCode": "BRL",
        "portability": portability,
    }
    for path, results in (
        (f"^/investments/{investment.id}/transactions", [movement]),
        ("^/loans", [loan_body]),
    ):
        pluggy.fault("status", path, status=200, body={"results": results, "totalPages": 1})
    mark_changed(item)
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    assert InvestmentTransaction.objects.of(alice).get().brokerage_note == "N-77"
    assert Loan.objects.of(alice).get().portability == portability


@pytest.mark.parametrize("portability", [None, "", 3, [], "yes", {"a": {"b": [None]}}])
def test_an_odd_portability_costs_nothing(portability: Any, alice: User, pluggy: LocalPluggy) -> None:
    item = load(pluggy, alice, checking(), loans=[{"productName": "Consignado", "date": "2026-11-27"}])
    loan = item.loans.get()
    body = {
        "id": str(loan.id),
        "productName": "Consignado",
        "currencyCode": "BRL",
        "portability": portability,
    }
    body["payments"] = {"contractOutstandingBalance": 70}
    pluggy.fault("status", "^/loans", status=200, body={"results": [body], "totalPages": 1})
    mark_changed(item)
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    loan.refresh_from_db()
    assert loan.outstanding == 70
