"""An item that ends each worker is parked after three; the others go on, and people are told."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.actions import connections
from banking.application import pluggy as our_client
from banking.models import Alarm, Item, SyncRun, SyncState
from banking.pluggy import Client as PluggyClient
from banking.sync import lease, sync_item
from tests.localpluggy import LocalPluggy
from tests.syncing import changed, run
from webhooks import watch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
LEASE_OVER = lease.LEASE + timedelta(seconds=1)
DAY = timedelta(hours=24, minutes=10)


class Killed(BaseException):
    """kill -9: nothing of ours runs after it."""


@pytest.fixture
def item(alice: User, connect: Callable[..., Item]) -> Item:
    return connect(alice)


def die(item: Item, *, after: timedelta) -> None:
    """A worker takes the item up and is killed for its memory."""

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PluggyClient, "accounts", kill)
        with pytest.raises(Killed):
            sync_item(item.id, client=our_client(), now=lambda: timezone.now() + after)


def kill_workers(item: Item, times: int) -> timedelta:
    """Gives how much later it is then."""
    changed(item)
    for number in range(times):
        die(item, after=number * LEASE_OVER)
    return times * LEASE_OVER


def outcome(item: Item) -> str:
    return item.runs.latest("id").outcome


def test_the_fourth_run_is_not_begun(item: Item, bob: User, connect: Callable[..., Item]) -> None:
    """F-50: parked, and nobody else waits for it."""
    other = connect(bob)
    later = kill_workers(item, 3)
    assert run(item, after=later).outcome == SyncRun.Outcome.PARKED
    changed(item)  # neither news nor an impatient person starts one
    SyncState.objects.mark_changed(item.id, now=timezone.now(), at_once=True)
    assert not SyncState.objects.due(timezone.now() + timedelta(hours=23)).filter(item=item).exists()
    changed(other)
    assert run(other, after=later).outcome == SyncRun.Outcome.SUCCEEDED
    assert Alarm.objects.open().get().code == Alarm.Code.PARKED


def test_a_run_between_that_ends_begins_the_count_anew(item: Item) -> None:
    later = kill_workers(item, 2)
    assert run(item, after=later).outcome == SyncRun.Outcome.SUCCEEDED
    assert run_after_kills(item, 2, later) == SyncRun.Outcome.SUCCEEDED


def run_after_kills(item: Item, times: int, later: timedelta) -> str:
    changed(item)
    for number in range(times):
        die(item, after=later + number * LEASE_OVER)
    return run(item, after=later + times * LEASE_OVER).outcome


def test_it_is_tried_again_a_day_later_and_parked_again(item: Item) -> None:
    run(item, after=kill_workers(item, 3))
    assert run_after_kills(item, 3, DAY) == SyncRun.Outcome.PARKED
    assert item.runs.filter(outcome=SyncRun.Outcome.PARKED).count() == 2
    assert run(item, after=2 * DAY).outcome == SyncRun.Outcome.SUCCEEDED
    item.sync.refresh_from_db()
    assert (item.sync.parked_until, item.sync.is_behind) == (None, False)


@pytest.mark.parametrize("do", ["read", "release"])
def test_an_operator_lets_it_go_on(item: Item, admin_client: Client, do: str) -> None:
    run(item, after=kill_workers(item, 3))
    story = admin_client.get(reverse("admin:webhooks_item_timeline", args=[item.id])).content.decode()
    assert "Parked: reading it ends the worker" in story and "Parked</dt><dd>until" in story
    admin_client.post(reverse("admin:banking_item_operate", args=[item.id]), {"do": do})
    assert run(item).outcome == SyncRun.Outcome.SUCCEEDED
    watch.check_deliveries(now=timezone.now())
    assert not Alarm.objects.open().exists()


def test_the_person_is_told_in_plain_words(item: Item, as_alice: Client) -> None:
    run(item, after=kill_workers(item, 3))
    as_alice.cookies["django_language"] = "en"
    page = as_alice.get(reverse("connection", args=[item.id])).content.decode()
    assert "We are looking into it" in page and "nothing is lost" in page


def test_a_disconnection_is_not_held_up(item: Item, pluggy: LocalPluggy) -> None:
    run(item, after=kill_workers(item, 3))
    connections.disconnect(item, client=our_client(), now=timezone.now())
    assert not Item.objects.filter(id=item.id).exists()
