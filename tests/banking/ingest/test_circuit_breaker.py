"""Circuit breaker: if Pluggy calls many connections gone at once, none ends, and syncs recover automatically."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Alert, Item, SyncRun
from banking.ingest import circuit_breaker
from banking.ledger import disconnection
from banking.ledger.models import Transaction
from banking.pluggy import Unavailable
from banking.web.api_client import pluggy as our_client
from tests.factories import create_item
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import LATER, mark_changed, run_sync, stored_amounts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def item(alice: User, connect: Callable[..., Item]) -> Item:
    return connect(alice)


@pytest.fixture
def item_with_wrong_key(item: Item, pluggy: LocalPluggy) -> Item:
    """An item after the credentials of another application were deployed: Pluggy answers 404 for every item."""
    body = '{"code":404,"message":"item not found"}'
    for method in ("GET", "DELETE"):
        pluggy.fault("status", "/items/", method=method, status=404, body=body, times=1000)
    return item


def sync(item: Item, *, after: timedelta = timedelta()) -> SyncRun:
    mark_changed(item)
    return run_sync(item, after=after)


def gone_ids() -> set[UUID]:
    return set(Item.objects.exclude(gone_at=None).values_list("id", flat=True))


def active_alert() -> Alert | None:
    return Alert.objects.active().filter(code=Alert.Code.GONE).first()


def test_few_gone_items_are_marked_as_gone(bob: User, pluggy: LocalPluggy) -> None:
    items = [create_item(bob) for _ in range(circuit_breaker.MIN_COUNT - 1)]
    assert {sync(item).outcome for item in items} == {SyncRun.Outcome.NOTHING_TO_READ}
    assert (gone_ids(), active_alert()) == ({item.id for item in items}, None)


def test_items_gone_hours_apart_are_marked_as_gone(bob: User, pluggy: LocalPluggy) -> None:
    items = [create_item(bob) for _ in range(circuit_breaker.MIN_COUNT + 1)]
    for hours, item in enumerate(items):
        sync(item, after=hours * timedelta(hours=1, minutes=1))
    assert (len(gone_ids()), active_alert()) == (len(items), None)


def test_with_many_items_the_share_decides(
    bob: User, pluggy: LocalPluggy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit_breaker, "MIN_COUNT", 1)
    monkeypatch.setattr(circuit_breaker, "MIN_SHARE", 0.5)
    first, second, third, *_ = [create_item(bob) for _ in range(5)]
    for item in (first, second):
        sync(item)
    assert gone_ids() == {first.id, second.id}
    sync(third)
    assert gone_ids() == set()


def test_no_item_is_marked_when_pluggy_calls_every_item_gone(
    item_with_wrong_key: Item, bob: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    """F-36: no transaction is removed, no user reads that a connection ended, and one alert names the cause."""
    before = stored_amounts(item_with_wrong_key)
    for other in [create_item(bob) for _ in range(circuit_breaker.MIN_COUNT)]:
        last = sync(other)
    assert last.outcome == SyncRun.Outcome.FAILED
    assert sync(item_with_wrong_key).outcome == SyncRun.Outcome.FAILED
    alert = active_alert()
    assert alert is not None and "another application" in alert.detail
    assert gone_ids() == set()
    assert stored_amounts(item_with_wrong_key) == before
    as_alice.cookies["django_language"] = "en"
    page = as_alice.get(reverse("connections")).content.decode()
    assert "try again automatically" in page and "No longer connected" not in page

    pluggy.control("DELETE", "/faults")  # the right credentials are deployed again
    assert run_sync(item_with_wrong_key, after=LATER).outcome == SyncRun.Outcome.SUCCEEDED
    assert (gone_ids(), active_alert()) == (set(), None)


def test_opening_the_alert_removes_earlier_marks_and_schedules_syncs(
    item_with_wrong_key: Item, bob: User
) -> None:
    others = [create_item(bob) for _ in range(circuit_breaker.MIN_COUNT - 1)]
    for other in others:
        sync(other)
    assert len(gone_ids()) == circuit_breaker.MIN_COUNT - 1
    sync(item_with_wrong_key)
    for other in others:
        other.sync.refresh_from_db()
    assert gone_ids() == set()
    assert all(other.sync.is_behind and other.sync.due_at <= timezone.now() for other in others)


def test_an_item_that_was_never_reported_gone_does_not_close_the_alert(
    item: Item, bob: User, pluggy: LocalPluggy
) -> None:
    """It may be a new item of the other application."""
    for _ in range(circuit_breaker.MIN_COUNT):
        sync(create_item(bob))
    assert sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    assert active_alert() is not None


def test_disconnecting_waits_while_the_alert_is_open(
    item_with_wrong_key: Item, bob: User, pluggy: LocalPluggy
) -> None:
    """Erasing the data because of a wrong 404 would leave the consent active at Pluggy."""
    for _ in range(circuit_breaker.MIN_COUNT):
        sync(create_item(bob))
    with pytest.raises(Unavailable):
        disconnection.disconnect(item_with_wrong_key, client=our_client(), now=timezone.now())
    assert Transaction.objects.filter(account__item=item_with_wrong_key).exists()
    pluggy.control("DELETE", "/faults")
    disconnection.finish_disconnection(item_with_wrong_key, client=our_client())
    assert not Item.objects.filter(id=item_with_wrong_key.id).exists()


def test_an_operator_can_confirm_that_the_items_are_gone(
    bob: User, pluggy: LocalPluggy, admin_client: Client
) -> None:
    items = [create_item(bob) for _ in range(circuit_breaker.MIN_COUNT)]
    for item in items:
        sync(item)
    alert = active_alert()
    assert alert is not None
    action = {"action": "confirm_deleted", "_selected_action": [alert.pk]}
    admin_client.post(reverse("admin:connections_alert_changelist"), action)
    assert (gone_ids(), active_alert()) == ({item.id for item in items}, None)
    assert sync(items[0], after=LATER).outcome == SyncRun.Outcome.NOTHING_TO_READ
    assert (len(gone_ids()), active_alert()) == (len(items), None)
