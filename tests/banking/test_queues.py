"""The queues: long work goes on where nobody waits behind it, and nothing of it is read in vain."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from celery import current_app
from django.db import transaction
from django.utils import timezone
from kombu import Queue

from accounts.models import User
from banking import rollups, tasks
from banking.actions import connections
from banking.application import pluggy as our_client
from banking.models import Item, SyncRun, SyncState, Transaction
from banking.pluggy import Client
from banking.sync import batches
from pfm import bell
from tests.localpluggy import LocalPluggy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was rung; nobody answers."""
    heard: list[tuple[str, str]] = []
    monkeypatch.setattr(bell, "ring", lambda task, *args: heard.append((task.name, *args)))
    return heard


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """A page is a batch, and a page is as much as interactive work reads."""
    monkeypatch.setattr(batches, "MOST_ROWS", 500)
    settings.SYNC_BULK_FROM_ROWS = 500


def claimed(user: User, pluggy: LocalPluggy) -> Item:
    item_id = UUID(pluggy.connect(user.reference))
    return connections.claim(user, item_id, client=our_client(), now=timezone.now())


def rows(item: Item) -> set[str]:
    return {
        str(one) for one in Transaction.objects.filter(account__item=item).live().values_list("id", flat=True)
    }


def truth(pluggy: LocalPluggy, item: Item) -> set[str]:
    return {row["id"] for found in pluggy.truth(str(item.id))["transactions"].values() for row in found}


@pytest.mark.usefixtures("small_steps")
def test_a_huge_account_does_not_delay_another_person(
    alice: User, bob: User, pluggy: LocalPluggy, rung: list[tuple[str, str]], settings: Any
) -> None:
    """F-56: its run stops soon and is left to the bulk queue, which goes on where it stopped."""
    hers, his = claimed(alice, pluggy), claimed(bob, pluggy)
    tasks.sync(str(hers.id))
    first = hers.runs.get()
    assert (first.outcome, first.rows_read < 1001) == (SyncRun.Outcome.HANDED_OVER, True)
    assert rung == [("banking.sync_bulk", str(hers.id))]
    state = SyncState.objects.get(item=hers)
    assert (state.is_bulk, state.lease_until, state.is_behind, state.attempts) == (True, None, True, 0)

    settings.SYNC_BULK_FROM_ROWS = 20_000
    tasks.sync(str(his.id))  # the same worker has time for him
    assert rows(his) == truth(pluggy, his)
    assert rows(hers) < truth(pluggy, hers)

    tasks.sync_bulk(str(hers.id))
    assert rows(hers) == truth(pluggy, hers)
    assert rollups.differences() == []
    state.refresh_from_db()
    assert (state.is_bulk, state.is_behind) == (False, False)


@pytest.mark.usefixtures("small_steps")
def test_what_is_bulk_is_not_begun_among_interactive_work(
    alice: User, pluggy: LocalPluggy, rung: list[tuple[str, str]]
) -> None:
    """An event or an impatient person meanwhile does not bring it back."""
    item = claimed(alice, pluggy)
    tasks.sync(str(item.id))
    with transaction.atomic():
        SyncState.objects.mark_changed(item.id, now=timezone.now(), at_once=True)
    rung.clear()
    tasks.sync(str(item.id))
    assert item.runs.count() == 1
    assert rung == [("banking.sync_bulk", str(item.id))]
    rung.clear()
    tasks.sweep()
    assert rung == [("banking.sync_bulk", str(item.id))]


def test_a_slow_reading_hands_over_too(
    alice: User, pluggy: LocalPluggy, rung: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few rows that take long block a worker as well."""
    monkeypatch.setattr(tasks, "LONGEST_INTERACTIVE", timedelta(seconds=0.3))
    item = claimed(alice, pluggy)
    pluggy.fault("latency", "/accounts", seconds=0.4)
    tasks.sync(str(item.id))
    assert item.runs.get().outcome == SyncRun.Outcome.HANDED_OVER


def test_a_small_account_is_read_at_once(
    alice: User, pluggy: LocalPluggy, rung: list[tuple[str, str]]
) -> None:
    item = claimed(alice, pluggy)
    tasks.sync(str(item.id))
    assert rows(item) == truth(pluggy, item)
    assert rung == []


def test_a_busy_item_lets_others_pass_and_is_gone_on_with_at_once(
    alice: User, pluggy: LocalPluggy, rung: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something happens in each of its runs. Whoever rang meanwhile found it taken, and rings no more."""
    item, asked = claimed(alice, pluggy), Client.item

    def asked_while_more_happens(client: Client, item_id: UUID) -> Any:
        with transaction.atomic():
            SyncState.objects.mark_changed(item_id, now=timezone.now())
        tasks.sync(str(item_id))
        return asked(client, item_id)

    monkeypatch.setattr(Client, "item", asked_while_more_happens)
    tasks.sync(str(item.id))
    assert item.runs.count() == tasks.MOST_RUNS_PER_RING
    assert rung == [("banking.sync", str(item.id))]

    monkeypatch.setattr(Client, "item", asked)
    tasks.sync(str(item.id))
    assert not SyncState.objects.get(item=item).is_behind
    assert rung == [("banking.sync", str(item.id))]


def test_a_message_goes_to_the_queue_of_its_task_and_to_no_other() -> None:
    queues = {"interactive": tasks.sync, "bulk": tasks.sync_bulk}
    with current_app.connection_for_read() as connection:
        open_queues = {name: connection.SimpleQueue(_declared(name)) for name in queues}
        for one in open_queues.values():
            one.clear()
        for task in queues.values():
            assert bell.ring(task, "an-item")
        heard = {}
        for name, one in open_queues.items():
            message = one.get(timeout=5)
            message.ack()
            heard[name] = message.headers["task"]
            with pytest.raises(one.Empty):
                one.get(block=False)
            one.close()
    assert heard == {"interactive": "banking.sync", "bulk": "banking.sync_bulk"}


def _declared(name: str) -> Queue:
    return next(queue for queue in current_app.conf.task_queues if queue.name == name)


def test_workers_are_bounded() -> None:
    """F-52, F-55: in time, in memory, in what they take at once; and only JSON is read."""
    conf = current_app.conf
    assert (conf.task_soft_time_limit, conf.task_time_limit) == (540, 600)
    assert (conf.worker_max_memory_per_child, conf.worker_prefetch_multiplier) == (300_000, 1)
    assert conf.worker_max_tasks_per_child and conf.task_ignore_result and conf.task_acks_late
    assert (list(conf.accept_content), conf.task_serializer) == (["json"], "json")
