"""The bell: it reaches a real Redis, and a Redis that is dead or mute costs a moment, never an event."""

import json
import socket
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from banking import tasks
from pfm import bell
from pfm.celery import app
from tests.payloads import bound_item, event
from webhooks import views
from webhooks.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _new_line(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    bell._line.cache_clear()
    monkeypatch.setattr(bell, "_silent_until", 0.0)
    yield
    bell._line.cache_clear()


@pytest.fixture
def mute_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """It accepts and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        _broker(monkeypatch, f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        yield


@pytest.fixture
def dead_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _broker(monkeypatch, f"redis://127.0.0.1:{port}/0")


def _broker(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(app.conf, "broker_write_url", url)  # falls back on the other, also when undone
    monkeypatch.setattr(app.conf, "broker_url", url)


def deliver(body: dict[str, object]) -> int:
    headers = {views.SECRET_HEADER: settings.PLUGGY_WEBHOOK_SECRET}
    answer = Client().post(
        "/webhooks/pluggy", json.dumps(body), content_type="application/json", headers=headers
    )
    return answer.status_code


def test_a_real_redis_hears_it(alice: User) -> None:
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("interactive")
        queue.clear()
        assert bell.ring(tasks.sync, "an-item")
        message = queue.get(timeout=5)
        assert message.headers["task"] == "banking.sync"
        message.ack()
        queue.close()


@pytest.mark.usefixtures("mute_redis")
def test_a_mute_redis_costs_a_moment_and_nothing_is_lost(alice: User) -> None:
    item = bound_item(alice)
    started = time.monotonic()
    assert {deliver(event(item=item)) for _ in range(10)} == {202}
    assert time.monotonic() - started < 10  # Celery's own patience is over a minute for each
    item.sync.refresh_from_db()
    assert set(Event.objects.values_list("state", flat=True)) == {Event.State.QUEUED}
    assert item.sync.dirty_seq == 10


@pytest.mark.usefixtures("dead_redis")
def test_a_dead_redis_loses_nothing(alice: User) -> None:
    item = bound_item(alice)
    assert deliver(event(item=item)) == 202
    item.sync.refresh_from_db()
    assert (Event.objects.get().state, item.sync.is_behind) == (Event.State.QUEUED, True)
