"""The weekly full read: it finds changes of old transactions whose event was lost, and is in nobody's way."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.transaction import atomic
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.lease import RunBudget
from banking.connections.models import Alert, Item, SyncRun, SyncState
from banking.ingest import full_read
from banking.ledger import monthly_totals
from banking.ledger.models import Account, DeletionReview, Transaction
from banking.pluggy import Client
from banking.verify import sync_state as verify_sync_state
from banking.web import tasks
from banking.web.api_client import pluggy as our_client
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, remote_amounts, run_sync, stored_amounts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
WEEK = timedelta(days=7)
Outcome = SyncRun.Outcome


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    messages: list[tuple[str, ...]] = []
    monkeypatch.setattr("pfm.task_queue.enqueue", lambda task, *args: messages.append((task.name, *args)))
    return messages


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What our client asks Pluggy for, as `METHOD path?after`."""
    sent: list[str] = []
    send = Client._send

    def recorded(client: Client, method: str, path: str, key: str, **options: Any) -> Any:
        after = (options.get("params") or {}).get("after", "")
        sent.append(f"{method} {path}{'?after' if after else ''}")
        return send(client, method, path, key, **options)

    monkeypatch.setattr(Client, "_send", recorded)
    return sent


@pytest.fixture
def item(alice: User, connect: Callable[..., Item]) -> Item:
    connected = connect(alice)
    make_due(connected)
    return connected


def make_due(item: Item) -> None:
    SyncState.objects.filter(item=item).update(full_read_due_at=timezone.now() - timedelta(minutes=1))


def read_again(item: Item, *, after: timedelta = timedelta()) -> SyncRun:
    full_read.read_again(item.id, client=our_client(), now=lambda: timezone.now() + after)
    return item.runs.latest("id")


def old_transaction(item: Item, *, number: int = 0) -> Transaction:
    """Return one that is far older than the days that each sync lists again."""
    before = timezone.now() - timedelta(days=90)
    old = Transaction.objects.filter(account__item=item, account__type="BANK", occurred_at__lt=before).live()
    return old.order_by("-occurred_at", "id")[number]


def change_silently(pluggy: LocalPluggy, transaction: Transaction) -> None:
    pluggy.control("PATCH", f"/transactions/{transaction.id}", description="MUDADA", amount=-77, silent=True)


def checking(item: Item) -> Account:
    """Return the account with more than one page of transactions."""
    return item.accounts.get(subtype="CHECKING_ACCOUNT")


def only_checking(item: Item) -> Account:
    """Return the checking account, the only one that is not read in this round yet."""
    account = checking(item)
    Account.objects.exclude(id=account.id).update(full_read_at=timezone.now())
    return account


# --- What it finds ---------------------------------------------------------------------------------------
def test_a_lost_change_of_an_old_transaction_is_found(item: Item, pluggy: LocalPluggy) -> None:
    old = old_transaction(item)
    change_silently(pluggy, old)
    # As weeks later: the local Pluggy has created the whole history just now.
    item.accounts.update(created_read_until=timezone.now() + timedelta(hours=2))
    mark_changed(item)
    run_sync(item)
    old.refresh_from_db()
    assert old.description != "MUDADA"  # a normal sync does not see it
    make_due(item)
    run = read_again(item)
    old.refresh_from_db()
    assert (old.description, run.outcome, run.is_full_read) == ("MUDADA", Outcome.SUCCEEDED, True)
    assert stored_amounts(item) == remote_amounts(pluggy, item)
    assert monthly_totals.differences() == []


def test_a_lost_deletion_of_an_old_transaction_is_found(item: Item, pluggy: LocalPluggy) -> None:
    old = old_transaction(item)
    pluggy.control("DELETE", f"/transactions/{old.id}", silent=True)
    assert read_again(item).transactions_removed == 1
    old.refresh_from_db()
    assert old.deleted_at is not None
    assert stored_amounts(item) == remote_amounts(pluggy, item)
    assert monthly_totals.differences() == []


def test_without_changes_nothing_is_written(item: Item) -> None:
    run = read_again(item)
    assert (run.outcome, run.records_written, run.transactions_removed) == (Outcome.SUCCEEDED, 0, 0)
    assert run.transactions_read == len(stored_amounts(item))
    assert run.accounts_read == item.accounts.count()


def test_edits_of_the_user_stay(item: Item, pluggy: LocalPluggy) -> None:
    old = old_transaction(item)
    Transaction.objects.filter(id=old.id).update(note="minha nota")
    change_silently(pluggy, old)
    read_again(item)
    old.refresh_from_db()
    assert (old.note, old.description) == ("minha nota", "MUDADA")


# --- What it must not delete -------------------------------------------------------------------------------
def test_what_a_partial_answer_leaves_out_stays(item: Item, pluggy: LocalPluggy) -> None:
    before = stored_amounts(item)
    bodies = pluggy.truth(str(item.id))["transactions"][str(checking(item).id)]
    partial = {"results": [*bodies[:3], bodies[-1]], "next": None}
    pluggy.fault("status", rf"^/v2/transactions\?accountId={checking(item).id}$", status=200, body=partial)
    read_again(item)
    assert stored_amounts(item) == before
    assert DeletionReview.objects.get().state == DeletionReview.State.PENDING  # unusual: an operator decides


def test_a_few_that_a_partial_answer_leaves_out_are_asked_for_by_id(item: Item, pluggy: LocalPluggy) -> None:
    account = item.accounts.get(subtype="SAVINGS_ACCOUNT")
    before = stored_amounts(item)
    bodies = pluggy.truth(str(item.id))["transactions"][str(account.id)]
    assert len(bodies) > 4
    partial = {"results": [bodies[0], *bodies[3:]], "next": None}
    pluggy.fault("status", rf"^/v2/transactions\?accountId={account.id}$", status=200, body=partial)
    assert read_again(item).transactions_removed == 0
    assert stored_amounts(item) == before
    assert not DeletionReview.objects.exists()


def test_a_history_that_pluggy_has_shortened_stays(item: Item, pluggy: LocalPluggy) -> None:
    """The oldest three are gone at Pluggy, also by id: it keeps a limited time, and we keep what we have."""
    account = checking(item)
    oldest = list(account.transactions.live().order_by("occurred_at", "id")[:3])
    later = account.transactions.live().exclude(id__in=[transaction.id for transaction in oldest])
    assert later.order_by("occurred_at")[0].occurred_at >= oldest[-1].occurred_at
    before = stored_amounts(item)
    for transaction in oldest:
        pluggy.control("DELETE", f"/transactions/{transaction.id}", silent=True)
    assert read_again(item).transactions_removed == 0
    assert stored_amounts(item) == before


@pytest.mark.parametrize("kind", ["no-consent", "html", "truncate", "empty"])
def test_answers_without_transactions_delete_nothing(item: Item, pluggy: LocalPluggy, kind: str) -> None:
    before = stored_amounts(item)
    pluggy.fault(kind, "^/v2/transactions", times=None)
    read_again(item)
    assert stored_amounts(item) == before
    assert not DeletionReview.objects.exists()


@pytest.mark.parametrize("status", ["UPDATING", "MERGING"])
def test_nothing_is_read_while_pluggy_collects(item: Item, pluggy: LocalPluggy, status: str) -> None:
    pluggy.control("POST", f"/items/{item.id}/status", status=status)
    run = read_again(item)
    assert (run.outcome, run.transactions_read) == (Outcome.NOTHING_TO_READ, 0)
    item.refresh_from_db()
    item.sync.refresh_from_db()
    assert item.status == Item.Status.UPDATED  # the state of the item is left to the syncs
    assert item.sync.full_read_due_at is not None
    assert timezone.now() < item.sync.full_read_due_at < timezone.now() + timedelta(hours=2)


def test_an_item_of_another_user_at_pluggy_is_not_read(item: Item, bob: User, pluggy: LocalPluggy) -> None:
    pluggy.api("PATCH", f"/items/{item.id}", json={"clientUserId": bob.reference})
    pluggy.wait_until_collected(str(item.id))
    assert read_again(item).outcome == Outcome.NOTHING_TO_READ


# --- Resuming ------------------------------------------------------------------------------------------------
def test_an_interrupted_read_continues_after_its_last_page(
    item: Item, pluggy: LocalPluggy, requests: list[str]
) -> None:
    account = only_checking(item)
    oldest = account.transactions.live().order_by("occurred_at", "id")[0]
    change_silently(pluggy, oldest)
    pluggy.fault("status", "after=", status=503)
    first = read_again(item)
    assert (first.outcome, first.error[:11]) == (Outcome.FAILED, "Unavailable")
    account.refresh_from_db()
    assert account.full_read_cursor
    requests.clear()
    second = read_again(item, after=timedelta(hours=2))
    assert second.outcome == Outcome.SUCCEEDED
    assert second.transactions_read == account.transactions.live().count() - first.transactions_read
    assert (first.transactions_read, second.accounts_read) == (500, 1)
    lists = [sent for sent in requests if "/v2/transactions" in sent]
    assert lists[0] == "GET /v2/transactions?after"
    oldest.refresh_from_db()
    assert oldest.description == "MUDADA"
    account.refresh_from_db()
    assert (account.full_read_cursor, account.full_read_at is not None) == ("", True)


def test_a_resumed_read_removes_nothing(item: Item, pluggy: LocalPluggy) -> None:
    """It has not seen the pages before, so it cannot tell what is missing; the next one can."""
    account = only_checking(item)
    pluggy.fault("status", "after=", status=503)
    read_again(item)
    newest = account.transactions.live().order_by("-occurred_at")[100]
    pluggy.control("DELETE", f"/transactions/{newest.id}", silent=True)
    assert read_again(item, after=timedelta(hours=2)).transactions_removed == 0
    make_due(item)
    assert read_again(item, after=WEEK).transactions_removed == 1


def test_a_cursor_that_pluggy_no_longer_knows_starts_again(item: Item, pluggy: LocalPluggy) -> None:
    Account.objects.filter(id=checking(item).id).update(full_read_cursor="from-another-time")
    body = {"code": 400, "message": "after is invalid"}
    pluggy.fault("status", "after=from-another-time", status=400, body=body, times=None)
    assert read_again(item).outcome == Outcome.FAILED
    assert read_again(item, after=timedelta(hours=2)).outcome == Outcome.SUCCEEDED


def test_one_refused_account_does_not_stop_the_others(item: Item, pluggy: LocalPluggy) -> None:
    body = {"code": 403, "codeDescription": "X", "message": "no"}
    refused = item.accounts.order_by("id")[0]
    pluggy.fault("status", f"accountId={refused.id}", status=403, body=body, times=None)
    run = read_again(item)
    assert (run.outcome, run.transactions_read > 0) == (Outcome.SUCCEEDED, True)
    item.sync.refresh_from_db()
    assert item.sync.failing_since is None


def test_the_run_of_a_lost_worker_is_closed_by_the_next(item: Item) -> None:
    run = SyncRun.objects.create(user=item.user, item=item, fence=0, target_seq=1, started_at=timezone.now())
    read_again(item)
    run.refresh_from_db()
    assert (run.outcome, run.error) == (Outcome.SUPERSEDED, SyncRun.WORKER_LOST)


# --- In nobody's way -------------------------------------------------------------------------------------
def test_it_gives_way_to_a_sync_after_one_page(
    item: Item, pluggy: LocalPluggy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event arrives while the first page is read."""
    transactions = Client.transactions

    def event_arrives(client: Client, *args: Any, **options: Any) -> Any:
        for page in transactions(client, *args, **options):
            with atomic():
                SyncState.objects.mark_changed(item.id, now=timezone.now())
            yield page

    monkeypatch.setattr(Client, "transactions", event_arrives)
    only_checking(item)
    assert full_read.read_again(item.id, client=our_client(), now=timezone.now)  # a sync is due
    run = item.runs.latest("id")
    assert (run.outcome, run.transactions_read) == (Outcome.SUPERSEDED, 500)
    item.sync.refresh_from_db()
    assert (item.sync.lease_until, item.sync.is_behind) == (None, True)
    monkeypatch.setattr(Client, "transactions", transactions)
    assert full_read.due_items(now=timezone.now(), limit=9) == []  # the sync comes first
    assert run_sync(item).outcome == Outcome.SUCCEEDED
    assert full_read.due_items(now=timezone.now(), limit=9) == [item.id]
    assert read_again(item).transactions_read == checking(item).transactions.live().count() - 500


def test_it_does_not_start_while_a_sync_is_due_or_running(item: Item) -> None:
    count = item.runs.count()
    mark_changed(item)
    assert not full_read.read_again(item.id, client=our_client(), now=timezone.now)
    run_sync(item)
    SyncState.objects.filter(item=item).update(lease_until=timezone.now() + timedelta(seconds=30))
    assert not full_read.read_again(item.id, client=our_client(), now=timezone.now)
    assert item.runs.count() == count + 1


def test_a_normal_sync_asks_for_as_much_as_before(item: Item, requests: list[str]) -> None:
    mark_changed(item)
    run_sync(item)
    first = sorted(requests)
    read_again(item)
    requests.clear()
    mark_changed(item)
    run_sync(item)
    assert sorted(requests) == first


def test_a_failure_is_no_failed_sync(item: Item, pluggy: LocalPluggy) -> None:
    pluggy.fault("status", "^/v2/transactions", status=503)
    assert read_again(item).outcome == Outcome.FAILED
    item.sync.refresh_from_db()
    assert (item.sync.attempts, item.sync.failing_since, item.sync.lease_until) == (0, None, None)
    assert item.sync.full_read_due_at is not None and item.sync.full_read_due_at > timezone.now()
    assert verify_sync_state.violations(timezone.now()) == []
    assert not Alert.objects.exists()


def test_a_long_read_continues_in_another_task(item: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_read, "BUDGET", RunBudget(transactions=1, duration=timedelta(minutes=5)))
    assert read_again(item).outcome == Outcome.MOVED_TO_BULK
    assert full_read.due_items(now=timezone.now(), limit=9) == [item.id]


# --- When ----------------------------------------------------------------------------------------------------
def test_each_item_has_its_own_time_in_the_week() -> None:
    start = datetime(2026, 11, 20, 12, tzinfo=UTC)
    times = [full_read.next_time(uuid4(), after=start) for _ in range(700)]
    assert all(start < time <= start + WEEK for time in times)
    by_day = [sum(time - start < timedelta(days=day + 1) for time in times) for day in range(7)]
    assert all(50 < later - earlier < 150 for earlier, later in zip([0, *by_day], by_day, strict=False))


def test_the_time_follows_from_the_id_and_comes_every_week() -> None:
    item_id = UUID("0f3c1c1e-5d1f-4b57-9a0c-6a1f2a7b9c10")
    first = full_read.next_time(item_id, after=datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert full_read.next_time(item_id, after=first) == first + WEEK
    assert full_read.next_time(item_id, after=first - timedelta(seconds=1)) == first
    assert full_read.next_time(item_id, after=first + timedelta(days=6)) == first + WEEK


def test_a_week_with_the_task(item: Item, enqueued: list[tuple[str, ...]]) -> None:
    """The item gets a time, is enqueued when it has come, and gets the time of the next week."""
    SyncState.objects.update(full_read_due_at=None)
    now = timezone.now()
    tasks.find_items_to_read_again()
    state = SyncState.objects.get()
    assert state.full_read_due_at is not None
    assert now < state.full_read_due_at <= now + WEEK + timedelta(seconds=5)
    assert enqueued == []
    SyncState.objects.update(full_read_due_at=now)
    tasks.find_items_to_read_again()
    assert enqueued == [("banking.read_again", str(item.id))]
    tasks.read_again(str(item.id))
    assert item.runs.latest("id").outcome == Outcome.SUCCEEDED
    state.refresh_from_db()
    assert state.full_read_due_at > now
    enqueued.clear()
    tasks.find_items_to_read_again()
    assert enqueued == []


@pytest.mark.parametrize(
    "columns", [{"status": "LOGIN_ERROR"}, {"gone_at": timezone.now()}, {"disconnected_at": timezone.now()}]
)
def test_an_item_that_has_nothing_to_read_waits(item: Item, columns: dict[str, Any]) -> None:
    Item.objects.update(**columns)
    assert full_read.due_items(now=timezone.now(), limit=9) == []


def test_an_item_that_was_never_read_gets_no_time(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    actions.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    full_read.schedule(now=timezone.now())
    assert SyncState.objects.get().full_read_due_at is None
