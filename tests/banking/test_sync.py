"""sync: what the local Pluggy holds is what our tables hold, whatever was told or not told."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from banking import rollups
from banking.actions import connections
from banking.application import pluggy as our_client
from banking.models import Item, SyncHint, SyncRun, SyncState, Transaction
from banking.sync import sync_item
from tests.localpluggy import SANDBOX_BANK, LocalPluggy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def connect(pluggy: LocalPluggy) -> Callable[..., Item]:
    """Connect a bank for a person and read it once."""

    def connected(user: User, **options: Any) -> Item:
        item_id = pluggy.connect(user.reference, **options)
        item = connections.claim(user, UUID(item_id), client=our_client(), now=timezone.now())
        run(item)
        return item

    return connected


def run(item: Item) -> SyncRun:
    sync_item(item.id, client=our_client(), now=timezone.now)
    return item.runs.latest("id")


def changed(item: Item, **hint: Any) -> None:
    """As the inbox does on an event."""
    with transaction.atomic():
        seq = SyncState.objects.mark_changed(item.id, now=timezone.now())
        if hint:
            SyncHint.objects.create(item=item, seq=seq, **hint)


def live(item: Item) -> dict[str, Decimal]:
    rows = Transaction.objects.filter(account__item=item).live()
    return {str(row.id): row.amount for row in rows}


def remote(pluggy: LocalPluggy, item: Item) -> dict[str, Decimal]:
    by_account = pluggy.truth(str(item.id))["transactions"].values()
    return {row["id"]: Decimal(str(row["amount"])) for rows in by_account for row in rows}


def a_row(item: Item, **filters: Any) -> Transaction:
    found = Transaction.objects.filter(account__item=item, account__type="BANK", **filters).live()
    row = found.order_by("-occurred_at").first()
    assert row is not None
    return row


def hint_of(row: Transaction, kind: str) -> dict[str, Any]:
    return {"kind": kind, "account_id": row.account_id, "transaction_ids": [row.id]}


def test_the_first_run_reads_everything(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    assert live(item) == remote(pluggy, item)
    assert len(live(item)) > 500  # more than one page
    assert rollups.differences() == []
    assert set(item.accounts.values_list("subtype", flat=True)) == {
        "CHECKING_ACCOUNT",
        "SAVINGS_ACCOUNT",
        "CREDIT_CARD",
    }


def test_reading_again_writes_nothing(alice: User, connect: Any) -> None:
    item = connect(alice)
    changed(item)
    second = run(item)
    assert (second.outcome, second.rows_written, second.rows_removed) == ("succeeded", 0, 0)
    assert second.rows_read > 0


def test_nothing_is_read_when_nothing_happened(alice: User, connect: Any) -> None:
    item = connect(alice)
    assert not sync_item(item.id, client=our_client(), now=timezone.now)
    assert item.runs.count() == 1


def test_a_new_row_arrives_without_a_hint(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    pluggy.spend(str(item.id), description="PADARIA NOVA", amount=-50, silent=True)
    changed(item)
    assert run(item).rows_written >= 1
    assert live(item) == remote(pluggy, item)
    assert rollups.differences() == []


def test_an_old_row_changes_where_the_hint_says(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    row = a_row(item, local_date__lt=timezone.localdate() - timedelta(days=60))
    pluggy.control("PATCH", f"/transactions/{row.id}", description="CORRIGIDO", silent=True)
    changed(item, **hint_of(row, "updated"))
    run(item)
    row.refresh_from_db()
    assert row.description == "CORRIGIDO"


def test_a_hint_waits_while_the_bank_is_still_collecting(
    alice: User, pluggy: LocalPluggy, connect: Any
) -> None:
    """Pluggy tells of transactions before the item is done; rows beyond the look-back come by hint only."""
    item = connect(alice)
    row = a_row(item, local_date__lt=timezone.localdate() - timedelta(days=60))
    pluggy.control("PATCH", f"/transactions/{row.id}", description="CORRIGIDO", silent=True)
    pluggy.control("POST", f"/items/{item.id}/status", status="UPDATING", silent=True)
    changed(item, **hint_of(row, "updated"))
    assert run(item).outcome == SyncRun.Outcome.NOTHING_TO_READ
    pluggy.control("POST", f"/items/{item.id}/status", executionStatus="SUCCESS", silent=True)
    changed(item)
    assert run(item).rows_written == 1
    row.refresh_from_db()
    assert row.description == "CORRIGIDO"
    assert not item.hints.exists()


def test_a_deleted_row_becomes_a_tombstone(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    row = a_row(item, local_date__lt=timezone.localdate() - timedelta(days=60))
    pluggy.control("DELETE", f"/transactions/{row.id}", silent=True)
    changed(item, **hint_of(row, "deleted"))
    assert run(item).rows_removed == 1
    row.refresh_from_db()
    assert row.deleted_at is not None
    assert live(item) == remote(pluggy, item)
    assert rollups.differences() == []


def test_a_row_said_to_be_deleted_but_still_there_stays(alice: User, connect: Any) -> None:
    item = connect(alice)
    row = a_row(item)
    changed(item, **hint_of(row, "deleted"))
    assert run(item).rows_removed == 0
    row.refresh_from_db()
    assert row.deleted_at is None


def test_another_persons_row_cannot_be_deleted_by_a_hint(
    alice: User, bob: User, pluggy: LocalPluggy, connect: Any
) -> None:
    hers, his = connect(alice), connect(bob)
    target = a_row(his)
    own_account = hers.accounts.filter(type="BANK").first()
    changed(hers, kind="deleted", account_id=own_account.id, transaction_ids=[target.id])
    run(hers)
    target.refresh_from_db()
    assert target.deleted_at is None


def test_a_recent_row_that_vanished_silently_is_found(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    added = pluggy.spend(str(item.id), description="DUPLICADA", amount=-12, silent=True)
    changed(item)
    run(item)
    row_id = added["id"]
    assert row_id in live(item)
    pluggy.control("DELETE", f"/transactions/{row_id}", silent=True)
    changed(item)
    assert run(item).rows_removed == 1
    assert live(item) == remote(pluggy, item)


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/items/", {"kind": "status", "status": 500}),
        ("/items/", {"kind": "reset"}),
        ("/accounts", {"kind": "truncate"}),
        ("/accounts", {"kind": "status", "status": 503}),
        ("/accounts", {"kind": "html"}),
        ("/v2/transactions", {"kind": "limited"}),
        ("/v2/transactions", {"kind": "truncate"}),
        ("/v2/transactions", {"kind": "html"}),
        ("/v2/transactions", {"kind": "empty"}),
        ("/v2/transactions", {"kind": "reset"}),
    ],
)
def test_a_fault_delays_and_loses_nothing(
    alice: User, pluggy: LocalPluggy, path: str, fault: dict[str, Any]
) -> None:
    item_id = pluggy.connect(alice.reference)
    item = connections.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    pluggy.fault(path=path, **fault)
    first = run(item)
    item.sync.refresh_from_db()
    assert first.outcome == SyncRun.Outcome.FAILED
    assert item.sync.failing_since is not None
    assert item.sync.is_behind
    assert item.sync.due_at > timezone.now() - timedelta(seconds=1)
    second = run(item)
    assert second.outcome == SyncRun.Outcome.SUCCEEDED, second.error
    assert live(item) == remote(pluggy, item)
    item.sync.refresh_from_db()
    assert (item.sync.failing_since, item.sync.attempts, item.sync.is_behind) == (None, 0, False)


def test_a_fault_in_the_middle_keeps_what_was_read(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    item = connections.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    pluggy.fault("status", "/v2/transactions", status=502, skip=1)
    assert run(item).outcome == SyncRun.Outcome.FAILED
    assert 0 < len(live(item)) < len(remote(pluggy, item))
    assert rollups.differences() == []
    run(item)
    assert live(item) == remote(pluggy, item)


def test_an_item_in_error_keeps_its_rows_and_says_so(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    before = live(item)
    pluggy.control(
        "POST",
        f"/items/{item.id}/status",
        status="LOGIN_ERROR",
        executionStatus="INVALID_CREDENTIALS",
        error={"code": "INVALID_CREDENTIALS", "message": "refused"},
    )
    changed(item)
    assert run(item).outcome == SyncRun.Outcome.NOTHING_TO_READ
    item.refresh_from_db()
    assert (item.status, item.error_code) == ("LOGIN_ERROR", "INVALID_CREDENTIALS")
    assert live(item) == before


def test_an_item_that_is_gone_keeps_its_history(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    before = live(item)
    pluggy.api("DELETE", f"/items/{item.id}")
    changed(item)
    run(item)
    item.refresh_from_db()
    assert item.gone_at is not None
    assert live(item) == before


def test_the_sandbox_cards_signs_are_put_right(alice: User, connect: Any) -> None:
    item = connect(alice, connector=SANDBOX_BANK)
    card = Transaction.objects.filter(account__item=item, account__type="CREDIT")
    assert card.filter(kind="expense", flow__lt=0).count() > card.count() / 2
    assert not card.filter(kind="expense", flow__gt=0).exists()


def test_what_happens_during_a_run_is_not_lost(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    changed(item)
    clock = iter([])

    def now() -> Any:
        """The first look at the clock comes after the lease: an event arrives right then."""
        if next(clock, None) is None and item.runs.filter(outcome="running").exists() and not arrived:
            arrived.append(True)
            changed(item)
        return timezone.now()

    arrived: list[bool] = []
    assert sync_item(item.id, client=our_client(), now=now)
    item.sync.refresh_from_db()
    assert item.sync.is_behind


def test_a_late_worker_writes_nothing(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    pluggy.spend(str(item.id), description="TARDE", amount=-9, silent=True)
    changed(item)
    before = live(item)
    calls: list[int] = []

    def now() -> Any:
        calls.append(1)
        if len(calls) == 3:  # the lease is taken; somebody else takes it over
            SyncState.objects.filter(item=item).update(fence=99)
        return timezone.now()

    sync_item(item.id, client=our_client(), now=now)
    assert live(item) == before
    assert item.runs.latest("id").outcome == SyncRun.Outcome.OVERTAKEN
