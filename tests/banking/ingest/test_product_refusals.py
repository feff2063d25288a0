"""A product that Pluggy refuses, or cannot answer, costs only itself."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Alert, Item, Product, ProductState, SyncRun, SyncState
from banking.ledger.models import BalanceSnapshot, Bill, Investment, Loan, Transaction
from banking.web import tasks
from banking.web.api_client import pluggy as our_client
from tests.ingest_worlds import load_world
from tests.local_pluggy import LocalPluggy, clear_rate_limits
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
NOT_ENABLED = {"code": 403, "codeDescription": "PRODUCT_NOT_ENABLED", "message": "not enabled"}
WORLD: dict[str, Any] = {
    "connectorId": 9001,
    "accounts": [
        {
            "subtype": "CHECKING_ACCOUNT", "number": "0001/1-1", "balance": 950,
            "transactions": [{"date": "2026-11-05T15:00:00.000Z", "amount": -50, "description": "PADARIA"}],
        },
        {
            "subtype": "CREDIT_CARD", "number": "4001", "balance": 10, "transactions": [],
            "bills": [{"dueDate": "2026-11-10", "totalAmount": 10, "totalAmountCurrencyCode": "BRL"}],
        },
        {
            "subtype": "CREDIT_CARD", "number": "4002", "balance": 20, "transactions": [],
            "bills": [{"dueDate": "2026-11-10", "totalAmount": 20, "totalAmountCurrencyCode": "BRL"}],
        },
    ],
    "investments": [
        {
            "date": "2026-11-27", "type": "FIXED_INCOME", "subtype": "CDB", "name": "CDB", "balance": 300,
            "amount": 300, "currencyCode": "BRL", "status": "ACTIVE",
        }
    ],
    "loans": [
        {
            "productName": "Emprestimo", "currencyCode": "BRL", "contractAmount": 600,
            "payments": {"contractOutstandingBalance": 400},
        }
    ],
}  # fmt: skip


def load(pluggy: LocalPluggy, user: User) -> Item:
    """Load the world for the user and claim its item, without a sync."""
    (item_id,) = load_world(pluggy, user, {"items": [WORLD]})
    return actions.claim(user, item_id, client=our_client(), now=timezone.now())


def refuse(pluggy: LocalPluggy, path: str, status: int, body: object = None, **more: Any) -> None:
    pluggy.fault("status", path, status=status, body=body or {"code": status}, times=None, **more)


def end_faults(pluggy: LocalPluggy) -> None:
    pluggy.control("DELETE", "/faults")


def state(item: Item, product: Product) -> ProductState:
    return item.product_states.get(product=product)


def test_a_refused_product_leaves_the_others(alice: User, as_alice: Client, pluggy: LocalPluggy) -> None:
    item = load(pluggy, alice)
    refuse(pluggy, "^/loans", 403, NOT_ENABLED)
    run = run_sync(item)
    assert run.outcome == SyncRun.Outcome.SUCCEEDED
    sync = SyncState.objects.get(item=item)
    assert sync.synced_seq == sync.dirty_seq and sync.failing_since is None
    assert Transaction.objects.of(alice).count() == 1
    assert Bill.objects.of(alice).count() == 2
    assert Investment.objects.of(alice).get().balance == 300
    assert BalanceSnapshot.objects.of(alice).count() == 4
    loans = state(item, Product.LOANS)
    assert (loans.is_updated, loans.is_refused, loans.read_at) == (False, True, None)
    assert state(item, Product.INVESTMENTS).is_updated
    as_alice.cookies["django_language"] = "pt-br"
    page = as_alice.get("/connections/", headers={"accept-language": "pt-br"}).content.decode()
    assert (
        "Empréstimos" in page
        and "não disponíveis" in page
        and "desde" not in page.split("Empréstimos")[1][:200]
    )


@pytest.mark.parametrize(
    ("path", "status", "body", "product"),
    [
        ("^/bills", 400, {"code": 400, "codeDescription": "BILLS_OPEN_FINANCE_RATE_LIMIT"}, "CREDIT_CARDS"),
        ("^/bills", 404, {"code": 404, "message": "not found"}, "CREDIT_CARDS"),
        ("^/bills", 500, {"code": 500, "message": "oops"}, "CREDIT_CARDS"),
        ("^/investments", 403, {"code": 403, "message": "Forbidden"}, "INVESTMENTS"),
        ("^/investments", 429, {"code": 429, "message": "too many"}, "INVESTMENTS"),
        ("^/investments", 502, "<html>bad gateway</html>", "INVESTMENTS"),
        ("^/investments/[0-9a-f-]+/transactions", 403, NOT_ENABLED, "INVESTMENTS_TRANSACTIONS"),
        ("^/loans", 401, {"code": 401, "message": "Unauthorized"}, "LOANS"),
        ("^/loans", 404, "<html>not found</html>", "LOANS"),
        ("^/loans", 503, None, "LOANS"),
        ("^/loans", 200, "not JSON", "LOANS"),
    ],
)  # fmt: skip
def test_any_failure_of_a_product_is_only_its_own(
    alice: User, pluggy: LocalPluggy, path: str, status: int, body: object, product: str
) -> None:
    item = load(pluggy, alice)
    refuse(pluggy, path, status, body)
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    failed = item.product_states.filter(is_updated=False)
    assert [failing.product for failing in failed] == [product]
    assert Transaction.objects.of(alice).count() == 1
    assert Bill.objects.of(alice).exists() == (product != "CREDIT_CARDS")
    assert Investment.objects.of(alice).exists() == (product != "INVESTMENTS")
    assert Loan.objects.of(alice).exists() == (product != "LOANS")
    assert BalanceSnapshot.objects.of(alice).filter(account__isnull=False).count() == 3
    assert not Alert.objects.active().exists()
    end_faults(pluggy)
    clear_rate_limits()
    mark_changed(item)
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    assert not item.product_states.filter(is_updated=False).exists()
    assert not item.product_states.exclude(retry_at=None, failing_since=None, attempts=0).exists()
    assert Bill.objects.of(alice).count() == 2
    assert Loan.objects.of(alice).get().outstanding == Decimal(400)


def test_one_refused_card_leaves_the_bills_of_the_other(alice: User, pluggy: LocalPluggy) -> None:
    item = load(pluggy, alice)
    run_sync(item)
    Bill.objects.of(alice).delete()
    first, second = item.accounts.filter(type="CREDIT")
    refuse(pluggy, f"^/bills.*{first.id}", 403, NOT_ENABLED)
    mark_changed(item)
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    assert [bill.account_id for bill in Bill.objects.of(alice)] == [second.id]
    assert not state(item, Product.CREDIT_CARDS).is_updated


def test_a_product_that_is_refused_later_keeps_its_data_and_its_date(
    alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    item = load(pluggy, alice)
    run_sync(item)
    before = state(item, Product.LOANS)
    refuse(pluggy, "^/loans", 403, NOT_ENABLED)
    mark_changed(item)
    run_sync(item)
    after = state(item, Product.LOANS)
    assert (after.collected_at, after.read_at) == (before.collected_at, before.read_at)
    loan = Loan.objects.of(alice).get()
    assert (loan.outstanding, loan.missing_since) == (400, None)
    page = as_alice.get("/connections/", headers={"accept-language": "pt-br"}).content.decode()
    assert "não disponíveis desde" in page


def test_a_refused_product_is_asked_for_again_at_a_growing_pace(alice: User, pluggy: LocalPluggy) -> None:
    item = load(pluggy, alice)
    refuse(pluggy, "^/loans", 403, NOT_ENABLED)
    waits = []
    for _ in range(7):
        mark_changed(item)
        run_sync(item)
        loans = state(item, Product.LOANS)
        assert loans.retry_at
        waits.append(round((loans.retry_at - timezone.now()) / timedelta(hours=1)))
    assert waits == [1, 2, 4, 8, 16, 24, 24]


def test_the_sweep_asks_again_when_it_is_time_and_only_once(
    alice: User, pluggy: LocalPluggy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "enqueue_sync", lambda *_args, **_options: None)
    item = load(pluggy, alice)
    refuse(pluggy, "^/loans", 503)
    run_sync(item)
    states = SyncState.objects.due(timezone.now() + timedelta(days=2)).filter(item=item)
    ProductState.objects.update(retry_at=timezone.now() + timedelta(minutes=1))
    tasks.sweep()
    assert not states.exists()
    item.product_states.filter(product=Product.LOANS).update(retry_at=timezone.now())
    tasks.sweep()
    assert states.exists()
    end_faults(pluggy)
    run_sync(item)
    assert Loan.objects.of(alice).exists()
    tasks.sweep()
    assert not states.exists()


@pytest.mark.parametrize("path", ["^/accounts", "^/v2/transactions"])
def test_refused_accounts_or_transactions_leave_the_other_products(
    alice: User, pluggy: LocalPluggy, path: str
) -> None:
    item = load(pluggy, alice)
    refuse(pluggy, path, 403, NOT_ENABLED)
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    assert Investment.objects.of(alice).exists() and Loan.objects.of(alice).exists()
    assert state(item, Product.TRANSACTIONS).is_refused
    end_faults(pluggy)
    mark_changed(item)
    run_sync(item)
    assert Transaction.objects.of(alice).count() == 1
    assert not item.product_states.filter(is_updated=False).exists()


def test_a_key_that_is_refused_everywhere_is_no_refusal_of_a_product(
    alice: User, pluggy: LocalPluggy
) -> None:
    item = load(pluggy, alice)
    run_sync(item)
    mark_changed(item)
    refuse(pluggy, "^/(items|bills|loans|investments)", 401, {"code": 401, "message": "Unauthorized"})
    assert run_sync(item).outcome == SyncRun.Outcome.FAILED
    assert Alert.objects.active().filter(code=Alert.Code.CREDENTIALS).exists()
    assert not item.product_states.filter(is_updated=False).exists()
