"""Products: bills, investments, loans, balance snapshots and the freshness of each product."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import (
    Item,
    Product,
    ProductState,
    SyncRun,
)
from banking.ingest import sync_item
from banking.ledger.models import (
    BalanceSnapshot,
    Bill,
    Investment,
    InvestmentTransaction,
    Loan,
)
from banking.web.api_client import pluggy as our_client
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
CERRADO, PAMPA = 9003, 9004
Connect = Callable[..., Item]


@pytest.fixture
def connect(pluggy: LocalPluggy) -> Connect:
    """Return a function that connects a bank for a user and reads it once."""

    def _connect(user: User, connector: int = CERRADO, **options: Any) -> Item:
        item_id = UUID(pluggy.connect(user.reference, connector=connector, **options))
        item = actions.claim(user, item_id, client=our_client(), now=timezone.now())
        assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
        item.refresh_from_db()
        return item

    return _connect


def test_stored_bills_equal_those_of_the_bank(alice: User, pluggy: LocalPluggy, connect: Connect) -> None:
    item = connect(alice)
    card = item.accounts.get(type="CREDIT")
    remote_bills = pluggy.truth(str(item.id))["bills"][str(card.id)]
    stored = {str(bill.id): bill for bill in Bill.objects.of(alice)}
    assert set(stored) == {remote["id"] for remote in remote_bills} != set()
    for remote in remote_bills:
        bill = stored[remote["id"]]
        assert bill.total == Decimal(str(remote["totalAmount"])).quantize(Decimal("1e-8"))
        assert str(bill.due_on) == remote["dueDate"][:10]
        charge_types = [charge["type"] for charge in bill.finance_charges]
        assert charge_types == [charge["type"] for charge in remote["financeCharges"]]
        assert all(isinstance(charge["amount"], str) for charge in bill.finance_charges)


def test_stored_investments_and_movements_equal_those_of_the_bank(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice, PAMPA)
    truth = pluggy.truth(str(item.id))
    stored = {str(investment.id): investment for investment in Investment.objects.of(alice)}
    assert set(stored) == {remote["id"] for remote in truth["investments"]} != set()
    for remote in truth["investments"]:
        assert stored[remote["id"]].balance == round(Decimal(str(remote["balance"])), 8)
    by_investment = truth["investmentTransactions"].values()
    remote_ids = {movement["id"] for movements in by_investment for movement in movements}
    stored_ids = InvestmentTransaction.objects.of(alice).values_list("id", flat=True)
    assert {str(movement_id) for movement_id in stored_ids} == remote_ids != set()


def test_a_stored_loan_has_the_outstanding_balance(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    (remote,) = pluggy.truth(str(item.id))["loans"]
    loan = Loan.objects.of(alice).get()
    assert loan.outstanding == round(Decimal(str(remote["payments"]["contractOutstandingBalance"])), 8)
    assert loan.installments == remote["installments"]["totalNumberOfInstallments"]


def test_a_snapshot_keeps_the_last_balance_of_its_day(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    checking = item.accounts.get(subtype="CHECKING_ACCOUNT")
    first = BalanceSnapshot.objects.of(alice).get(account=checking)
    pluggy.add_transaction(str(item.id), accountId=str(checking.id), description="X", amount=-7, silent=True)
    mark_changed(item)
    run_sync(item)
    second = BalanceSnapshot.objects.of(alice).get(account=checking)
    assert second.pk == first.pk and second.balance == first.balance - 7
    mark_changed(item)
    sync_item(item.id, client=our_client(), now=lambda: timezone.now() + timedelta(days=1))
    assert BalanceSnapshot.objects.of(alice).filter(account=checking).count() == 2
    assert BalanceSnapshot.objects.of(alice).exclude(loan=None).count() == 2


def test_a_second_sync_without_changes_writes_nothing(alice: User, connect: Connect) -> None:
    for connector in (CERRADO, PAMPA):
        item = connect(alice, connector)
        mark_changed(item)
        assert run_sync(item).records_written == 0


def test_each_product_has_its_own_freshness(alice: User, pluggy: LocalPluggy, connect: Connect) -> None:
    item = connect(alice)
    before = ProductState.objects.of(alice).get(product=Product.LOANS)
    assert before.is_updated and before.collected_at == item.collected_at
    pluggy.control("POST", f"/items/{item.id}/failing", products=["LOANS"])
    pluggy.sync(str(item.id))
    mark_changed(item)
    run_sync(item)
    item.refresh_from_db()
    assert item.execution_status == "PARTIAL_SUCCESS"
    after = ProductState.objects.of(alice).get(product=Product.LOANS)
    assert not after.is_updated and after.warnings
    assert after.collected_at == before.collected_at and after.read_at == before.read_at
    transactions = ProductState.objects.of(alice).get(product=Product.TRANSACTIONS)
    assert transactions.collected_at is not None and before.collected_at is not None
    assert transactions.is_updated and transactions.collected_at > before.collected_at
    assert Loan.objects.of(alice).get().missing_since is None


def test_an_empty_list_marks_no_investment_as_missing(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice, PAMPA)
    empty_list = '{"page":1,"total":0,"totalPages":0,"results":[]}'
    pluggy.fault("status", "^/investments", status=200, body=empty_list, times=None)
    mark_changed(item)
    run_sync(item)
    assert not Investment.objects.of(alice).exclude(missing_since=None).exists()


def test_an_investment_that_is_no_longer_listed_is_marked_as_missing(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice, PAMPA)
    others = pluggy.truth(str(item.id))["investments"][1:]
    body = {"page": 1, "total": len(others), "totalPages": 1, "results": others}
    pluggy.control("POST", "/faults", kind="status", path=r"^/investments\?", status=200, body=body, times=1)
    mark_changed(item)
    run_sync(item)
    assert Investment.objects.of(alice).exclude(missing_since=None).count() == 1
    mark_changed(item)
    run_sync(item)
    assert not Investment.objects.of(alice).exclude(missing_since=None).exists()
