"""Sync: afterwards our tables equal the data of the local Pluggy, whichever webhooks came or were lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.transaction import atomic
from django.utils import timezone

from accounts.models import User
from banking.connections import actions, lease
from banking.connections.models import Item, SyncRun, SyncState
from banking.ingest import sync_item
from banking.ledger import monthly_totals
from banking.ledger.models import Account, Transaction
from banking.pluggy import Client
from banking.web.api_client import pluggy as our_client
from tests.factories import create_item
from tests.local_pluggy import SANDBOX_BANK, LocalPluggy, clear_rate_limits
from tests.sync_helpers import (
    LATER,
    hint_for,
    mark_changed,
    newest_transaction,
    remote_amounts,
    run_sync,
    stored_amounts,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
Connect = Callable[..., Item]


def test_the_first_sync_reads_everything(alice: User, pluggy: LocalPluggy, connect: Connect) -> None:
    item = connect(alice)
    assert stored_amounts(item) == remote_amounts(pluggy, item)
    assert len(stored_amounts(item)) > 500  # more than one page
    assert monthly_totals.differences() == []
    assert set(item.accounts.values_list("subtype", flat=True)) == {
        "CHECKING_ACCOUNT",
        "SAVINGS_ACCOUNT",
        "CREDIT_CARD",
    }


def test_a_second_sync_without_changes_writes_nothing(alice: User, connect: Connect) -> None:
    item = connect(alice)
    mark_changed(item)
    second = run_sync(item)
    assert (second.outcome, second.records_written, second.transactions_removed) == ("succeeded", 0, 0)
    assert second.transactions_read > 0


def test_an_item_that_is_not_due_is_not_synced(alice: User, connect: Connect) -> None:
    item = connect(alice)
    assert not sync_item(item.id, client=our_client(), now=timezone.now)
    assert item.runs.count() == 1


def test_a_new_transaction_is_stored_without_a_hint(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    pluggy.add_transaction(str(item.id), description="PADARIA NOVA", amount=-50, silent=True)
    mark_changed(item)
    assert run_sync(item).records_written >= 1
    assert stored_amounts(item) == remote_amounts(pluggy, item)
    assert monthly_totals.differences() == []


@pytest.mark.parametrize("minutes", [-10, 10])
@pytest.mark.parametrize("pluggy_hours", [0, 0.25])
def test_wrong_clocks_lose_no_transaction(
    alice: User, pluggy: LocalPluggy, minutes: int, pluggy_hours: float
) -> None:
    """F-44: our clock is ten minutes off and Pluggy's a quarter of an hour fast.

    This works because Pluggy's times are compared with Pluggy's times only.
    """
    offset = timedelta(minutes=minutes)
    item_id = pluggy.connect(alice.reference)
    item = actions.claim(alice, UUID(item_id), client=our_client(), now=timezone.now() + offset)
    assert run_sync(item, after=offset).outcome == SyncRun.Outcome.SUCCEEDED
    if pluggy_hours:
        pluggy.control("POST", "/clock", hours=pluggy_hours)
    for number in range(3):
        pluggy.add_transaction(item_id, description=f"NOVA {number}", amount=-7, silent=True)
        SyncState.objects.mark_changed(item.id, now=timezone.now() + offset)
        assert run_sync(item, after=offset).outcome == SyncRun.Outcome.SUCCEEDED
        assert stored_amounts(item) == remote_amounts(pluggy, item)
    assert monthly_totals.differences() == []


def test_transactions_created_at_the_same_moment_are_all_read(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    """F-45: more transactions than a page holds, created when the newest stored one was."""
    item = connect(alice)
    account = item.accounts.get(subtype="CHECKING_ACCOUNT")
    moment = newest_transaction(item, account=account).bank_created_at.isoformat().replace("+00:00", "Z")
    old = str(
        timezone.localdate() - timedelta(days=60)
    )  # before the look-back window, so only createdAt finds them
    for number in range(510):
        raw = {"createdAt": moment, "updatedAt": moment}
        pluggy.add_transaction(
            str(item.id), description=f"IGUAL {number}", amount="-1.00", date=old, raw=raw, silent=True
        )
    Account.objects.filter(id=account.id).update(created_read_until=moment)
    mark_changed(item)
    run_sync(item)
    assert stored_amounts(item) == remote_amounts(pluggy, item)


def test_a_hint_updates_a_transaction_before_the_look_back_window(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    transaction = newest_transaction(item, local_date__lt=timezone.localdate() - timedelta(days=60))
    pluggy.control("PATCH", f"/transactions/{transaction.id}", description="CORRIGIDO", silent=True)
    mark_changed(item, **hint_for(transaction, "updated"))
    run_sync(item)
    transaction.refresh_from_db()
    assert transaction.description == "CORRIGIDO"


def test_a_hint_is_kept_while_pluggy_still_collects(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    """Pluggy sends transaction events before the item is updated; old transactions are found by hint only."""
    item = connect(alice)
    transaction = newest_transaction(item, local_date__lt=timezone.localdate() - timedelta(days=60))
    pluggy.control("PATCH", f"/transactions/{transaction.id}", description="CORRIGIDO", silent=True)
    pluggy.control("POST", f"/items/{item.id}/status", status="UPDATING", silent=True)
    mark_changed(item, **hint_for(transaction, "updated"))
    assert run_sync(item).outcome == SyncRun.Outcome.NOTHING_TO_READ
    pluggy.control("POST", f"/items/{item.id}/status", executionStatus="SUCCESS", silent=True)
    mark_changed(item)
    assert run_sync(item).records_written == 1
    transaction.refresh_from_db()
    assert transaction.description == "CORRIGIDO"
    assert not item.hints.exists()


def test_a_deleted_transaction_becomes_a_tombstone(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    transaction = newest_transaction(item, local_date__lt=timezone.localdate() - timedelta(days=60))
    pluggy.control("DELETE", f"/transactions/{transaction.id}", silent=True)
    mark_changed(item, **hint_for(transaction, "deleted"))
    assert run_sync(item).transactions_removed == 1
    transaction.refresh_from_db()
    assert transaction.deleted_at is not None
    assert stored_amounts(item) == remote_amounts(pluggy, item)
    assert monthly_totals.differences() == []


def test_a_transaction_that_a_hint_calls_deleted_but_still_exists_is_kept(
    alice: User, connect: Connect
) -> None:
    item = connect(alice)
    transaction = newest_transaction(item)
    mark_changed(item, **hint_for(transaction, "deleted"))
    assert run_sync(item).transactions_removed == 0
    transaction.refresh_from_db()
    assert transaction.deleted_at is None


def test_a_hint_cannot_delete_a_transaction_of_another_user(
    alice: User, bob: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    alices, bobs = connect(alice), connect(bob)
    target = newest_transaction(bobs)
    own_account = alices.accounts.filter(type="BANK")[0]
    mark_changed(alices, kind="deleted", account_id=own_account.id, transaction_ids=[target.id])
    run_sync(alices)
    target.refresh_from_db()
    assert target.deleted_at is None


def test_a_recent_deletion_without_an_event_is_detected(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    added = pluggy.add_transaction(str(item.id), description="DUPLICADA", amount=-12, silent=True)
    mark_changed(item)
    run_sync(item)
    transaction_id = added["id"]
    assert transaction_id in stored_amounts(item)
    pluggy.control("DELETE", f"/transactions/{transaction_id}", silent=True)
    mark_changed(item)
    assert run_sync(item).transactions_removed == 1
    assert stored_amounts(item) == remote_amounts(pluggy, item)


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
def test_a_failed_sync_is_retried_and_loses_nothing(
    alice: User, pluggy: LocalPluggy, path: str, fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    item_id = pluggy.connect(alice.reference)
    item = actions.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    pluggy.fault(path=path, **fault)
    first = run_sync(item)
    item.sync.refresh_from_db()
    assert first.outcome == SyncRun.Outcome.FAILED
    assert f"{item_id}: failed" in caplog.text and first.error.partition("\n")[0][:200] in caplog.text
    assert item.sync.failing_since is not None
    assert item.sync.is_behind
    assert item.sync.due_at > timezone.now() - timedelta(seconds=1)
    second = run_sync(item, after=LATER)
    assert second.outcome == SyncRun.Outcome.SUCCEEDED, second.error
    assert stored_amounts(item) == remote_amounts(pluggy, item)
    state = SyncState.objects.get(item=item)
    assert (state.failing_since, state.attempts, state.is_behind) == (None, 0, False)


def test_a_failure_between_pages_keeps_what_was_read(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    item = actions.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    pluggy.fault("status", "/v2/transactions", status=502, skip=1)
    assert run_sync(item).outcome == SyncRun.Outcome.FAILED
    assert 0 < len(stored_amounts(item)) < len(remote_amounts(pluggy, item))
    assert monthly_totals.differences() == []
    run_sync(item, after=LATER)
    assert stored_amounts(item) == remote_amounts(pluggy, item)


def test_a_failure_between_pages_of_new_transactions_loses_none(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    """The list is sorted newest first: storing its first page must not make the rest count as read."""
    item = connect(alice)
    today = timezone.localdate()
    for number in range(510):
        day = str(today - timedelta(days=60 + number % 100))
        pluggy.add_transaction(
            str(item.id), description=f"ANTIGA {number}", amount="-1.00", date=day, silent=True
        )
    mark_changed(item)
    pluggy.fault("status", "after=", status=502)
    assert run_sync(item).outcome == SyncRun.Outcome.FAILED
    mark_changed(item)
    assert run_sync(item, after=LATER).outcome == SyncRun.Outcome.SUCCEEDED
    assert stored_amounts(item) == remote_amounts(pluggy, item)


def test_a_transaction_of_the_look_back_window_does_not_hide_an_older_one(
    alice: User, pluggy: LocalPluggy, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = connect(alice)
    list_transactions = Client.transactions

    def add_before_window(client: Client, account_id: UUID, **options: Any) -> Any:
        """Add an old and a recent transaction after the new ones were read, before the window is."""
        if options.get("date_from") and not added:
            old = str(timezone.localdate() - timedelta(days=80))
            added.append(
                pluggy.add_transaction(str(item.id), description="VELHA", amount=-3, date=old, silent=True)
            )
            pluggy.add_transaction(str(item.id), description="NOVA", amount=-4, silent=True)
        return list_transactions(client, account_id, **options)

    added: list[Any] = []
    monkeypatch.setattr(Client, "transactions", add_before_window)
    mark_changed(item)
    run_sync(item)
    assert added[0]["id"] not in stored_amounts(item)
    mark_changed(item)
    run_sync(item)
    assert stored_amounts(item) == remote_amounts(pluggy, item)


def test_a_hint_is_kept_until_its_account_is_listed(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    transaction = newest_transaction(item, local_date__lt=timezone.localdate() - timedelta(days=60))
    pluggy.control("DELETE", f"/transactions/{transaction.id}", silent=True)
    mark_changed(item, **hint_for(transaction, "deleted"))
    empty_list = '{"page":1,"total":0,"totalPages":1,"results":[]}'
    pluggy.fault("status", "/accounts", status=200, body=empty_list)
    assert run_sync(item).outcome == SyncRun.Outcome.FAILED
    run_sync(item, after=LATER)
    assert stored_amounts(item) == remote_amounts(pluggy, item)


def test_a_transaction_deleted_while_the_first_sync_is_interrupted_is_removed(
    alice: User, pluggy: LocalPluggy
) -> None:
    item_id = pluggy.connect(alice.reference)
    item = actions.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    pluggy.fault("status", "after=", status=502)
    run_sync(item)
    half_read = Transaction.objects.filter(account__item=item, account__created_read_until=None)
    transaction = half_read.earliest("local_date")
    pluggy.control("DELETE", f"/transactions/{transaction.id}", silent=True)
    mark_changed(item, **hint_for(transaction, "deleted"))
    run_sync(item, after=LATER)
    assert stored_amounts(item) == remote_amounts(pluggy, item)


def test_an_interrupted_first_sync_continues_where_it_stopped(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    item = actions.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    pluggy.fault("status", "after=", status=502)
    first = run_sync(item)
    account = Account.objects.exclude(first_read_cursor="").get(item=item)
    assert Transaction.objects.filter(account=account).count() == 500
    pluggy.add_transaction(
        item_id, accountId=str(account.id), description="ENQUANTO ISSO", amount=-3, silent=True
    )
    second = run_sync(item, after=LATER)
    assert stored_amounts(item) == remote_amounts(pluggy, item)
    assert first.transactions_read + second.transactions_read < 2 * len(remote_amounts(pluggy, item))
    account.refresh_from_db()
    assert account.first_read_cursor == "" and account.first_read_latest is None


def test_a_stored_cursor_that_pluggy_rejects_is_dropped(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    item = actions.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    pluggy.fault("status", "after=", status=502)
    run_sync(item)
    Account.objects.filter(item=item).exclude(first_read_cursor="").update(first_read_cursor="nonsense")
    assert run_sync(item, after=LATER).outcome == SyncRun.Outcome.FAILED
    run_sync(item, after=2 * LATER)
    assert stored_amounts(item) == remote_amounts(pluggy, item)


def test_an_account_without_news_is_not_read_completely_again(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    pluggy.control("POST", "/clock", days=3)
    pluggy.wait_until_collected(str(item.id))
    mark_changed(item)
    first_count = run_sync(item).transactions_read
    mark_changed(item)
    assert run_sync(item).transactions_read < first_count / 3


def test_an_empty_list_removes_nothing(alice: User, pluggy: LocalPluggy, connect: Connect) -> None:
    item = connect(alice)
    savings = item.accounts.get(subtype="SAVINGS_ACCOUNT")
    pluggy.add_transaction(
        str(item.id), accountId=str(savings.id), description="RENDEU", amount=1, silent=True
    )
    mark_changed(item)
    run_sync(item)
    before = stored_amounts(item)
    pluggy.fault("status", f"{savings.id}.*dateFrom", status=200, body='{"results":[],"next":null}', times=1)
    mark_changed(item)
    assert run_sync(item).transactions_removed == 0
    assert stored_amounts(item) == before


def test_an_event_does_not_shorten_the_wait_for_a_rate_limit(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    mark_changed(item)
    pluggy.fault("limited", "/accounts", seconds=60)
    assert run_sync(item).outcome == SyncRun.Outcome.FAILED
    runs = item.runs.count()
    mark_changed(item)
    run_sync(item)
    assert item.runs.count() == runs  # it still waits
    clear_rate_limits()
    with atomic():
        SyncState.objects.mark_changed(item.id, now=timezone.now(), at_once=True)
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED  # because the user requested it


def test_the_run_of_a_lost_worker_is_closed_by_the_next(alice: User, connect: Connect) -> None:
    item = connect(alice)
    lost = SyncRun.objects.create(
        user=alice, item=item, fence=0, target_seq=1, started_at=timezone.now(), outcome="running"
    )
    mark_changed(item)
    run_sync(item)
    lost.refresh_from_db()
    assert lost.outcome == SyncRun.Outcome.SUPERSEDED


@pytest.mark.parametrize("body", ['{"code":404,"message":"item not found"}', '{"message":"Not Found"}'])
def test_only_a_404_from_pluggy_marks_an_item_as_gone(
    alice: User, pluggy: LocalPluggy, connect: Connect, body: str
) -> None:
    item = connect(alice)
    pluggy.fault("status", "/items/", status=404, body=body)
    mark_changed(item)
    run_sync(item)
    item.refresh_from_db()
    assert (item.gone_at is not None) == ("code" in body)


def test_an_item_with_an_error_keeps_its_transactions_and_shows_the_error(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    before = stored_amounts(item)
    pluggy.control(
        "POST",
        f"/items/{item.id}/status",
        status="LOGIN_ERROR",
        executionStatus="INVALID_CREDENTIALS",
        error={"code": "INVALID_CREDENTIALS", "message": "refused"},
    )
    mark_changed(item)
    assert run_sync(item).outcome == SyncRun.Outcome.NOTHING_TO_READ
    item.refresh_from_db()
    assert (item.status, item.error_code) == ("LOGIN_ERROR", "INVALID_CREDENTIALS")
    assert stored_amounts(item) == before


def test_an_item_that_is_gone_keeps_its_transactions(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    before = stored_amounts(item)
    pluggy.api("DELETE", f"/items/{item.id}")
    mark_changed(item)
    run_sync(item)
    item.refresh_from_db()
    assert item.gone_at is not None
    assert stored_amounts(item) == before


def test_the_inverted_signs_of_the_sandbox_bank_are_corrected(alice: User, connect: Connect) -> None:
    item = connect(alice, connector=SANDBOX_BANK)
    card = Transaction.objects.filter(account__item=item, account__type="CREDIT")
    assert card.filter(kind="expense", signed_amount__lt=0).count() > card.count() / 2
    assert not card.filter(kind="expense", signed_amount__gt=0).exists()


def test_an_event_during_a_sync_is_not_lost(alice: User, connect: Connect) -> None:
    item = connect(alice)
    mark_changed(item)
    arrived: list[bool] = []

    def now() -> Any:
        """Return the time; let an event arrive once while the sync runs."""
        if not arrived and item.runs.filter(outcome="running").exists():
            arrived.append(True)
            mark_changed(item)
        return timezone.now()

    assert sync_item(item.id, client=our_client(), now=now)
    assert arrived
    item.sync.refresh_from_db()
    assert item.sync.is_behind


def test_a_worker_that_lost_its_lease_writes_nothing(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    pluggy.add_transaction(str(item.id), description="TARDE", amount=-9, silent=True)
    mark_changed(item)
    before = stored_amounts(item)
    calls: list[int] = []

    def now() -> Any:
        calls.append(1)
        if len(calls) == 3:  # it has the lease; another worker takes it over
            SyncState.objects.filter(item=item).update(fence=99)
        return timezone.now()

    sync_item(item.id, client=our_client(), now=now)
    assert stored_amounts(item) == before
    assert item.runs.latest("id").outcome == SyncRun.Outcome.SUPERSEDED


@pytest.mark.django_db(transaction=True)
def test_exactly_one_of_many_workers_gets_the_lease(alice: User) -> None:
    item = create_item(alice)
    rounds, workers = 10, 4
    for _ in range(rounds):
        with atomic():
            SyncState.objects.mark_changed(item.id, now=timezone.now())
        barrier = threading.Barrier(workers)

        def take(_: int, barrier: threading.Barrier = barrier) -> bool:
            try:
                barrier.wait()
                return lease.take(item.id, now=timezone.now()) is not None
            finally:
                connection.close()

        with ThreadPoolExecutor(workers) as pool:
            assert sum(pool.map(take, range(workers))) == 1
        SyncState.objects.filter(item=item).update(lease_until=None)
