"""dispatch: without Redis and without a worker everything is still done, once."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from banking import rollups, tasks
from banking.models import Item, SyncState, Transaction
from pfm import bell
from pfm.celery import app
from tests.localpluggy import LocalPluggy
from tests.payloads import event
from webhooks import inbox
from webhooks.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories", "_no_redis")]


@pytest.fixture
def _no_redis(pluggy: LocalPluggy, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody is at its address: no bell, no shared limits."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
    for name in ("broker_write_url", "broker_url"):  # the first falls back on the second, also when undone
        monkeypatch.setattr(app.conf, name, url)
    monkeypatch.setattr(settings, "REDIS_URL", url)
    bell._line.cache_clear()
    monkeypatch.setattr(bell, "_silent_until", 0.0)
    yield
    bell._line.cache_clear()


def arrived(name: str, item: str, **more: Any) -> None:
    inbox.receive(event(name, item=item, **more), client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())


def states() -> set[str]:
    return set(Event.objects.values_list("state", flat=True))


def live() -> int:
    return Transaction.objects.filter(deleted_at=None).count()


def remote(pluggy: LocalPluggy, *items: str) -> int:
    return sum(len(rows) for item in items for rows in pluggy.truth(item)["transactions"].values())


@pytest.fixture
def two_items(alice: User, bob: User, pluggy: LocalPluggy) -> tuple[str, str]:
    return pluggy.connect(alice.reference), pluggy.connect(bob.reference)


def test_events_and_items_are_dealt_with(pluggy: LocalPluggy, two_items: tuple[str, str]) -> None:
    """F-17, F-54: from parked events to rows, in this process alone; one failing item stops no other."""
    first, second = two_items
    for item in two_items:
        arrived("item/created", item)
    pluggy.fault("status", f"/accounts.*{first}", status=503)
    call_command("dispatch", "--once")
    assert live() == remote(pluggy, second)
    SyncState.objects.update(due_at=timezone.now())
    call_command("dispatch", "--once")
    assert live() == remote(pluggy, first, second)
    assert states() == {Event.State.DONE}
    assert rollups.differences() == []


def test_an_item_that_a_worker_holds_is_left_to_it(pluggy: LocalPluggy, two_items: tuple[str, str]) -> None:
    """F-54: leases keep it from doing anything twice."""
    arrived("item/created", two_items[0])
    call_command("dispatch", "--once")
    item = Item.objects.get(id=UUID(two_items[0]))
    arrived("item/updated", two_items[0])
    SyncState.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    call_command("dispatch", "--once")
    assert item.runs.count() == 1
    SyncState.objects.update(lease_until=None)
    call_command("dispatch", "--once")
    assert item.runs.count() == 2


def test_what_is_large_is_read_too(pluggy: LocalPluggy, two_items: tuple[str, str], settings: Any) -> None:
    settings.SYNC_BULK_FROM_ROWS = 100
    arrived("item/created", two_items[0])
    call_command("dispatch", "--once")
    assert live() == remote(pluggy, two_items[0])
    assert not SyncState.objects.filter(is_bulk=True).exists()


def test_it_goes_on_looking_until_its_time_is_over(pluggy: LocalPluggy, two_items: tuple[str, str]) -> None:
    calls = []
    looked = inbox.due

    def due(now: Any) -> list[int]:
        calls.append(now)
        if len(calls) == 3:
            arrived("item/created", two_items[0])
        return looked(now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inbox, "due", due)
        call_command("dispatch", "--seconds", "3", "--every", "0.05")
    assert len(calls) > 3
    assert live() == remote(pluggy, two_items[0])


def test_a_bug_in_one_piece_of_work_stops_no_other(
    pluggy: LocalPluggy, two_items: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for item in two_items:
        arrived("item/created", item)
    call_command("dispatch", "--once")
    for item in two_items:
        arrived("item/updated", item)
    good = tasks.sync

    def bad(item_id: str) -> None:
        if item_id == two_items[0]:
            SyncState.objects.filter(item_id=item_id).update(due_at=timezone.now() + timedelta(hours=1))
            raise RuntimeError("a bug")
        good(item_id)

    monkeypatch.setattr(tasks, "sync", bad)
    call_command("dispatch", "--once")
    assert not SyncState.objects.get(item_id=two_items[1]).is_behind
