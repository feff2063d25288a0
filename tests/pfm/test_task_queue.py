"""Enqueueing tasks: it works with a real Redis, and a Redis that fails or hangs never costs an event."""

import json
import socket
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from banking.web import tasks
from pfm import task_queue
from pfm.celery import app
from tests.factories import create_item
from tests.payloads import event
from webhooks.models import Event
from webhooks.secrets import SECRET_HEADER

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _new_connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    task_queue._connection.cache_clear()
    monkeypatch.setattr(task_queue, "_paused_until", 0.0)
    yield
    task_queue._connection.cache_clear()


@pytest.fixture
def hanging_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Redis that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        _set_broker(monkeypatch, f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        yield


@pytest.fixture
def stopped_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _set_broker(monkeypatch, f"redis://127.0.0.1:{port}/0")


def _set_broker(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(app.conf, "broker_write_url", url)  # falls back on broker_url, also when undone
    monkeypatch.setattr(app.conf, "broker_url", url)


def deliver(body: dict[str, object]) -> int:
    headers = {SECRET_HEADER: settings.PLUGGY_WEBHOOK_SECRET}
    response = Client().post(
        "/webhooks/pluggy", json.dumps(body), content_type="application/json", headers=headers
    )
    return response.status_code


def test_a_task_is_enqueued_in_redis(alice: User) -> None:
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("interactive")
        queue.clear()
        assert task_queue.enqueue(tasks.sync, "an-item")
        message = queue.get(timeout=5)
        assert message.headers["task"] == "banking.sync"
        message.ack()
        queue.close()


@pytest.mark.usefixtures("hanging_redis")
def test_events_are_stored_without_long_waits_while_redis_hangs(alice: User) -> None:
    item = create_item(alice)
    started = time.monotonic()
    assert {deliver(event(item=item)) for _ in range(10)} == {202}
    assert time.monotonic() - started < 10  # Celery's own timeout is over a minute for each
    item.sync.refresh_from_db()
    assert set(Event.objects.values_list("state", flat=True)) == {Event.State.QUEUED}
    assert item.sync.dirty_seq == 10


@pytest.mark.usefixtures("stopped_redis")
def test_events_are_stored_while_redis_is_stopped(alice: User) -> None:
    item = create_item(alice)
    assert deliver(event(item=item)) == 202
    item.sync.refresh_from_db()
    assert (Event.objects.get().state, item.sync.is_behind) == (Event.State.QUEUED, True)
