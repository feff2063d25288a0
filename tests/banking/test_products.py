"""Bills, investments, loans, balances by day and the freshness of each product."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from banking.actions import connections
from banking.application import pluggy as our_client
from banking.models import (
    BalanceOnDay,
    Bill,
    Investment,
    InvestmentTransaction,
    Item,
    Loan,
    Product,
    ProductState,
    SyncRun,
)
from banking.sync import sync_item
from tests.banking.test_sync import changed, run
from tests.localpluggy import LocalPluggy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
CERRADO, PAMPA = 9003, 9004


@pytest.fixture
def connect(pluggy: LocalPluggy) -> Callable[..., Item]:
    """An item that has been read once."""

    def _connect(user: User, connector: int = CERRADO, **more: Any) -> Item:
        item_id = pluggy.connect(user.reference, connector=connector, **more)
        item = connections.claim(user, item_id, client=our_client(), now=timezone.now())
        assert run(item).outcome == SyncRun.Outcome.SUCCEEDED
        item.refresh_from_db()
        return item

    return _connect


def numbers(rows: Any, *names: str) -> set[tuple[str, ...]]:
    """For comparing with JSON: id and amounts, as cents."""
    return {tuple(str(round(Decimal(str(row[name])), 2)) for name in names) for row in rows}


def test_bills_are_those_of_the_bank(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    card = item.accounts.get(type="CREDIT")
    told = pluggy.truth(str(item.id))["bills"][str(card.id)]
    stored = {str(bill.id): bill for bill in Bill.objects.of(alice)}
    assert set(stored) == {bill["id"] for bill in told} != set()
    for bill in told:
        mine = stored[bill["id"]]
        assert mine.total == Decimal(str(bill["totalAmount"])).quantize(Decimal("1e-8"))
        assert str(mine.due_on) == bill["dueDate"][:10]
        assert [one["type"] for one in mine.finance_charges] == [
            one["type"] for one in bill["financeCharges"]
        ]
        assert all(isinstance(one["amount"], str) for one in mine.finance_charges)


def test_investments_and_their_movements_are_those_of_the_bank(
    alice: User, pluggy: LocalPluggy, connect: Any
) -> None:
    item = connect(alice, PAMPA)
    truth = pluggy.truth(str(item.id))
    stored = {str(one.id): one for one in Investment.objects.of(alice)}
    assert set(stored) == {one["id"] for one in truth["investments"]} != set()
    for one in truth["investments"]:
        assert stored[one["id"]].balance == round(Decimal(str(one["balance"])), 8)
    told = {row["id"] for rows in truth["investmentTransactions"].values() for row in rows}
    mine = InvestmentTransaction.objects.of(alice).values_list("id", flat=True)
    assert {str(one) for one in mine} == told != set()


def test_a_loan_says_what_is_still_owed(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    (told,) = pluggy.truth(str(item.id))["loans"]
    loan = Loan.objects.of(alice).get()
    assert loan.outstanding == round(Decimal(str(told["payments"]["contractOutstandingBalance"])), 8)
    assert loan.instalments == told["installments"]["totalNumberOfInstallments"]


def test_a_day_keeps_its_last_balance(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    checking = item.accounts.get(subtype="CHECKING_ACCOUNT")
    first = BalanceOnDay.objects.of(alice).get(account=checking)
    pluggy.spend(str(item.id), accountId=str(checking.id), description="X", amount=-7, silent=True)
    changed(item)
    run(item)
    again = BalanceOnDay.objects.of(alice).get(account=checking)
    assert again.pk == first.pk and again.balance == first.balance - 7
    changed(item)
    sync_item(item.id, client=our_client(), now=lambda: timezone.now() + timedelta(days=1))
    assert BalanceOnDay.objects.of(alice).filter(account=checking).count() == 2
    assert BalanceOnDay.objects.of(alice).exclude(loan=None).count() == 2


def test_reading_again_writes_nothing(alice: User, connect: Any) -> None:
    for connector in (CERRADO, PAMPA):
        item = connect(alice, connector)
        changed(item)
        assert run(item).rows_written == 0


def test_each_product_has_its_own_freshness(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    before = ProductState.objects.of(alice).get(product=Product.LOANS)
    assert before.is_updated and before.collected_at == item.collected_at
    pluggy.control("POST", f"/items/{item.id}/failing", products=["LOANS"])
    pluggy.sync(str(item.id))
    changed(item)
    run(item)
    item.refresh_from_db()
    assert item.execution_status == "PARTIAL_SUCCESS"
    after = ProductState.objects.of(alice).get(product=Product.LOANS)
    assert not after.is_updated and after.warnings
    assert after.collected_at == before.collected_at and after.read_at == before.read_at
    rows = ProductState.objects.of(alice).get(product=Product.TRANSACTIONS)
    assert rows.is_updated and rows.collected_at > before.collected_at
    assert Loan.objects.of(alice).get().missing_since is None


def test_an_empty_list_takes_nothing_away(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice, PAMPA)
    nothing = '{"page":1,"total":0,"totalPages":0,"results":[]}'
    pluggy.fault("status", "^/investments", status=200, body=nothing, times=None)
    changed(item)
    run(item)
    assert not Investment.objects.of(alice).exclude(missing_since=None).exists()


def test_an_investment_that_is_listed_no_longer_is_marked(
    alice: User, pluggy: LocalPluggy, connect: Any
) -> None:
    item = connect(alice, PAMPA)
    kept = pluggy.truth(str(item.id))["investments"][1:]
    body = {"page": 1, "total": len(kept), "totalPages": 1, "results": kept}
    pluggy.control("POST", "/faults", kind="status", path=r"^/investments\?", status=200, body=body, times=1)
    changed(item)
    run(item)
    assert Investment.objects.of(alice).exclude(missing_since=None).count() == 1
    changed(item)
    run(item)
    assert not Investment.objects.of(alice).exclude(missing_since=None).exists()
