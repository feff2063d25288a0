"""Task queues: a long sync moves to the bulk queue and continues there without reading anything twice."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from celery import current_app
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Item, SyncRun, SyncState
from banking.ingest import batches
from banking.ledger import monthly_totals
from banking.ledger.models import Transaction
from banking.pluggy import Client
from banking.web import tasks
from banking.web.api_client import pluggy as our_client
from pfm import task_queue
from tests.local_pluggy import LocalPluggy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The enqueued tasks with their arguments; no worker runs them."""
    messages: list[tuple[str, str]] = []
    monkeypatch.setattr(task_queue, "enqueue", lambda task, *args: messages.append((task.name, *args)))
    return messages


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Make each page a batch, and one page the budget of interactive workers."""
    monkeypatch.setattr(batches, "MAX_TRANSACTIONS", 500)
    settings.SYNC_BULK_FROM_ROWS = 500


def claimed(user: User, pluggy: LocalPluggy) -> Item:
    item_id = UUID(pluggy.connect(user.reference))
    return actions.claim(user, item_id, client=our_client(), now=timezone.now())


def stored_ids(item: Item) -> set[str]:
    ids = Transaction.objects.filter(account__item=item).live().values_list("id", flat=True)
    return {str(transaction_id) for transaction_id in ids}


def remote_ids(pluggy: LocalPluggy, item: Item) -> set[str]:
    by_account = pluggy.truth(str(item.id))["transactions"].values()
    return {payload["id"] for payloads in by_account for payload in payloads}


@pytest.mark.usefixtures("small_batches")
def test_a_huge_account_does_not_delay_another_user(
    alice: User, bob: User, pluggy: LocalPluggy, enqueued: list[tuple[str, str]], settings: Any
) -> None:
    """F-56: its sync stops within its budget, and the bulk queue continues where it stopped."""
    alices, bobs = claimed(alice, pluggy), claimed(bob, pluggy)
    tasks.sync(str(alices.id))
    first = alices.runs.get()
    assert (first.outcome, first.transactions_read < 1001) == (SyncRun.Outcome.MOVED_TO_BULK, True)
    assert enqueued == [("banking.sync_bulk", str(alices.id))]
    state = SyncState.objects.get(item=alices)
    assert (state.is_bulk, state.lease_until, state.is_behind, state.attempts) == (True, None, True, 0)

    settings.SYNC_BULK_FROM_ROWS = 20_000
    tasks.sync(str(bobs.id))  # the same worker is free for bob's item
    assert stored_ids(bobs) == remote_ids(pluggy, bobs)
    assert stored_ids(alices) < remote_ids(pluggy, alices)

    tasks.sync_bulk(str(alices.id))
    assert stored_ids(alices) == remote_ids(pluggy, alices)
    assert monthly_totals.differences() == []
    state.refresh_from_db()
    assert (state.is_bulk, state.is_behind) == (False, False)


@pytest.mark.usefixtures("small_batches")
def test_interactive_workers_do_not_start_a_bulk_item(
    alice: User, pluggy: LocalPluggy, enqueued: list[tuple[str, str]]
) -> None:
    """An event or a request of the user does not move it back to the interactive queue."""
    item = claimed(alice, pluggy)
    tasks.sync(str(item.id))
    with transaction.atomic():
        SyncState.objects.mark_changed(item.id, now=timezone.now(), at_once=True)
    enqueued.clear()
    tasks.sync(str(item.id))
    assert item.runs.count() == 1
    assert enqueued == [("banking.sync_bulk", str(item.id))]
    enqueued.clear()
    tasks.sweep()
    assert enqueued == [("banking.sync_bulk", str(item.id))]


def test_a_slow_sync_also_moves_to_the_bulk_queue(
    alice: User, pluggy: LocalPluggy, enqueued: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few transactions that take long block a worker as well."""
    monkeypatch.setattr(tasks, "INTERACTIVE_DURATION", timedelta(seconds=0.3))
    item = claimed(alice, pluggy)
    pluggy.fault("latency", "/accounts", seconds=0.4)
    tasks.sync(str(item.id))
    assert item.runs.get().outcome == SyncRun.Outcome.MOVED_TO_BULK


def test_a_small_account_is_read_by_the_interactive_worker(
    alice: User, pluggy: LocalPluggy, enqueued: list[tuple[str, str]]
) -> None:
    item = claimed(alice, pluggy)
    tasks.sync(str(item.id))
    assert stored_ids(item) == remote_ids(pluggy, item)
    assert enqueued == []


def test_an_item_that_changes_during_each_sync_is_enqueued_again_behind_others(
    alice: User, pluggy: LocalPluggy, enqueued: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that runs meanwhile finds the lease taken and enqueues nothing."""
    item, get_item = claimed(alice, pluggy), Client.item

    def get_item_while_it_changes(client: Client, item_id: UUID) -> Any:
        with transaction.atomic():
            SyncState.objects.mark_changed(item_id, now=timezone.now())
        tasks.sync(str(item_id))
        return get_item(client, item_id)

    monkeypatch.setattr(Client, "item", get_item_while_it_changes)
    tasks.sync(str(item.id))
    assert item.runs.count() == tasks.MAX_SYNCS_PER_TASK
    assert enqueued == [("banking.sync", str(item.id))]

    monkeypatch.setattr(Client, "item", get_item)
    tasks.sync(str(item.id))
    assert not SyncState.objects.get(item=item).is_behind
    assert enqueued == [("banking.sync", str(item.id))]


def test_a_message_is_only_in_the_queue_of_its_task() -> None:
    task_by_queue = {"interactive": tasks.sync, "bulk": tasks.sync_bulk}
    with current_app.connection_for_read() as connection:
        queues = {name: connection.SimpleQueue(declared(name)) for name in task_by_queue}
        for queue in queues.values():
            queue.clear()
        for task in task_by_queue.values():
            assert task_queue.enqueue(task, "an-item")
        received = {}
        for name, queue in queues.items():
            message = queue.get(timeout=5)
            message.ack()
            received[name] = message.headers["task"]
            with pytest.raises(queue.Empty):
                queue.get(block=False)
            queue.close()
    assert received == {"interactive": "banking.sync", "bulk": "banking.sync_bulk"}


def declared(name: str) -> Any:
    """Return the queue that the settings declare. kombu's stubs allow only its name in SimpleQueue."""
    return next(queue for queue in current_app.conf.task_queues if queue.name == name)


def test_workers_have_limits() -> None:
    """F-52, F-55: task time, memory and prefetched messages are limited, and only JSON is accepted."""
    conf = current_app.conf
    assert (conf.task_soft_time_limit, conf.task_time_limit) == (540, 600)
    assert (conf.worker_max_memory_per_child, conf.worker_prefetch_multiplier) == (300_000, 1)
    assert conf.worker_max_tasks_per_child and conf.task_ignore_result and conf.task_acks_late
    assert (list(conf.accept_content), conf.task_serializer) == (["json"], "json")
