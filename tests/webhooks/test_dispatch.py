"""The dispatch command: it processes everything once, without Redis and without a worker."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item, SyncState
from banking.ledger import monthly_totals
from banking.ledger.models import Transaction
from banking.web import tasks
from pfm import task_queue
from pfm.celery import app
from tests.local_pluggy import LocalPluggy
from tests.payloads import event
from webhooks import inbox
from webhooks.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories", "_no_redis")]


@pytest.fixture
def _no_redis(pluggy: LocalPluggy, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing listens at Redis's address: no task can be enqueued, no limits are shared."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
    for name in ("broker_write_url", "broker_url"):  # the first falls back on the second, also when undone
        monkeypatch.setattr(app.conf, name, url)
    monkeypatch.setattr(settings, "REDIS_URL", url)
    task_queue._connection.cache_clear()
    monkeypatch.setattr(task_queue, "_paused_until", 0.0)
    yield
    task_queue._connection.cache_clear()


def receive(name: str, item: str, **changes: Any) -> None:
    inbox.receive(event(name, item=item, **changes), client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())


def states() -> set[str]:
    return set(Event.objects.values_list("state", flat=True))


def live_count() -> int:
    return Transaction.objects.filter(deleted_at=None).count()


def remote_count(pluggy: LocalPluggy, *items: str) -> int:
    return sum(
        len(transactions) for item in items for transactions in pluggy.truth(item)["transactions"].values()
    )


@pytest.fixture
def two_items(alice: User, bob: User, pluggy: LocalPluggy) -> tuple[str, str]:
    return pluggy.connect(alice.reference), pluggy.connect(bob.reference)


def test_events_and_items_are_processed(pluggy: LocalPluggy, two_items: tuple[str, str]) -> None:
    """F-17, F-54: parked events become transactions in this process alone; a failing item stops no other."""
    first, second = two_items
    for item in two_items:
        receive("item/created", item)
    pluggy.fault("status", f"/accounts.*{first}", status=503)
    call_command("dispatch", "--once")
    assert live_count() == remote_count(pluggy, second)
    SyncState.objects.update(due_at=timezone.now())
    call_command("dispatch", "--once")
    assert live_count() == remote_count(pluggy, first, second)
    assert states() == {Event.State.DONE}
    assert monthly_totals.differences() == []


def test_an_item_leased_by_a_worker_is_skipped(pluggy: LocalPluggy, two_items: tuple[str, str]) -> None:
    """F-54: the lease prevents a second sync."""
    receive("item/created", two_items[0])
    call_command("dispatch", "--once")
    item = Item.objects.get(id=UUID(two_items[0]))
    receive("item/updated", two_items[0])
    SyncState.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    call_command("dispatch", "--once")
    assert item.runs.count() == 1
    SyncState.objects.update(lease_until=None)
    call_command("dispatch", "--once")
    assert item.runs.count() == 2


def test_bulk_syncs_are_run_too(pluggy: LocalPluggy, two_items: tuple[str, str], settings: Any) -> None:
    settings.SYNC_BULK_FROM_ROWS = 100
    receive("item/created", two_items[0])
    call_command("dispatch", "--once")
    assert live_count() == remote_count(pluggy, two_items[0])
    assert not SyncState.objects.filter(is_bulk=True).exists()


def test_dispatch_keeps_checking_until_its_time_is_over(
    pluggy: LocalPluggy, two_items: tuple[str, str]
) -> None:
    calls: list[datetime] = []
    original_due = inbox.due

    def due(now: datetime) -> list[int]:
        calls.append(now)
        if len(calls) == 3:
            receive("item/created", two_items[0])
        return original_due(now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inbox, "due", due)
        call_command("dispatch", "--seconds", "3", "--every", "0.05")
    assert len(calls) > 3
    assert live_count() == remote_count(pluggy, two_items[0])


def test_a_failing_sync_does_not_stop_the_others(
    pluggy: LocalPluggy, two_items: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for item in two_items:
        receive("item/created", item)
    call_command("dispatch", "--once")
    for item in two_items:
        receive("item/updated", item)
    original_sync = tasks.sync

    def failing_sync(item_id: str) -> None:
        if item_id == two_items[0]:
            SyncState.objects.filter(item_id=item_id).update(due_at=timezone.now() + timedelta(hours=1))
            raise RuntimeError("a bug")
        original_sync(item_id)

    monkeypatch.setattr(tasks, "sync", failing_sync)
    call_command("dispatch", "--once")
    assert not SyncState.objects.get(item_id=two_items[1]).is_behind
