"""Quarantine of items: one that crashes three workers in a row is not synced for a day; others are not affected."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections import lease
from banking.connections.models import (
    Alert,
    Item,
    SyncRun,
    SyncState,
)
from banking.ingest import sync_item
from banking.ledger import disconnection
from banking.pluggy import Client as PluggyClient
from banking.web.api_client import pluggy as our_client
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync
from webhooks import monitoring

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
LEASE_OVER = lease.LEASE + timedelta(seconds=1)
DAY = timedelta(hours=24, minutes=10)


class Killed(BaseException):
    """Stands for `kill -9`: no code of ours runs after it."""


@pytest.fixture
def item(alice: User, connect: Callable[..., Item]) -> Item:
    return connect(alice)


def lose_worker(item: Item, *, after: timedelta) -> None:
    """Start a sync whose worker is killed, for example because of its memory."""

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PluggyClient, "accounts", kill)
        with pytest.raises(Killed):
            sync_item(item.id, client=our_client(), now=lambda: timezone.now() + after)


def lose_workers(item: Item, count: int) -> timedelta:
    """Let so many workers be killed, one after the other; return how much later it is then."""
    mark_changed(item)
    for number in range(count):
        lose_worker(item, after=number * LEASE_OVER)
    return count * LEASE_OVER


def test_after_three_lost_workers_the_item_is_quarantined(
    item: Item, bob: User, connect: Callable[..., Item]
) -> None:
    """F-50: the fourth sync does not start, and other users' items are synced."""
    other = connect(bob)
    later = lose_workers(item, 3)
    assert run_sync(item, after=later).outcome == SyncRun.Outcome.QUARANTINED
    mark_changed(item)  # neither an event nor the user's request starts a sync
    SyncState.objects.mark_changed(item.id, now=timezone.now(), at_once=True)
    assert not SyncState.objects.due(timezone.now() + timedelta(hours=23)).filter(item=item).exists()
    mark_changed(other)
    assert run_sync(other, after=later).outcome == SyncRun.Outcome.SUCCEEDED
    assert Alert.objects.active().get().code == Alert.Code.QUARANTINED


def test_a_successful_sync_restarts_the_count(item: Item) -> None:
    later = lose_workers(item, 2)
    assert run_sync(item, after=later).outcome == SyncRun.Outcome.SUCCEEDED
    assert run_after_lost_workers(item, 2, later) == SyncRun.Outcome.SUCCEEDED


def run_after_lost_workers(item: Item, count: int, later: timedelta) -> str:
    """Lose so many workers, beginning `later`; return the outcome of the sync that follows."""
    mark_changed(item)
    for number in range(count):
        lose_worker(item, after=later + number * LEASE_OVER)
    return run_sync(item, after=later + count * LEASE_OVER).outcome


def test_the_item_is_synced_again_after_a_day_and_can_be_quarantined_again(item: Item) -> None:
    run_sync(item, after=lose_workers(item, 3))
    assert run_after_lost_workers(item, 3, DAY) == SyncRun.Outcome.QUARANTINED
    assert item.runs.filter(outcome=SyncRun.Outcome.QUARANTINED).count() == 2
    assert run_sync(item, after=2 * DAY).outcome == SyncRun.Outcome.SUCCEEDED
    item.sync.refresh_from_db()
    assert (item.sync.quarantined_until, item.sync.is_behind) == (None, False)


@pytest.mark.parametrize("operation", ["read", "release"])
def test_an_operator_can_end_the_quarantine(item: Item, admin_client: Client, operation: str) -> None:
    run_sync(item, after=lose_workers(item, 3))
    admin_client.cookies["django_language"] = "en"
    timeline = admin_client.get(reverse("admin:webhooks_item_timeline", args=[item.id])).content.decode()
    assert "Quarantined: its syncs crash the worker" in timeline
    assert "until a sync is started here" in timeline
    admin_client.post(reverse("admin:connections_item_operate", args=[item.id]), {"do": operation})
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    monitoring.check_deliveries(now=timezone.now())
    assert not Alert.objects.active().exists()


def test_the_connection_page_explains_the_quarantine(item: Item, as_alice: Client) -> None:
    run_sync(item, after=lose_workers(item, 3))
    as_alice.cookies["django_language"] = "en"
    page = as_alice.get(reverse("connection", args=[item.id])).content.decode()
    assert "We are looking into it" in page and "No data was lost" in page


def test_a_quarantined_item_can_be_disconnected(item: Item, pluggy: LocalPluggy) -> None:
    run_sync(item, after=lose_workers(item, 3))
    disconnection.disconnect(item, client=our_client(), now=timezone.now())
    assert not Item.objects.filter(id=item.id).exists()
