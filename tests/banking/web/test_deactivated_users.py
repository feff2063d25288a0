"""The items of a deactivated user are not read; operators see it, and reading continues with their return."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Alert, Item, SyncState
from banking.ingest import full_read
from banking.pluggy import Client
from banking.verify import sync_state as verify_sync_state
from banking.web import tasks
from banking.web.api_client import pluggy as our_client
from tests.local_pluggy import LocalPluggy
from tests.payloads import event
from tests.sync_helpers import mark_changed, remote_amounts, stored_amounts
from webhooks import inbox, monitoring
from webhooks.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that our client asks Pluggy for."""
    sent: list[str] = []
    send = Client._send

    def recorded(client: Client, method: str, path: str, key: str, **options: Any) -> Any:
        sent.append(f"{method} {path}")
        return send(client, method, path, key, **options)

    monkeypatch.setattr(Client, "_send", recorded)
    return sent


@pytest.fixture
def item(alice: User, connect: Callable[..., Item], pluggy: LocalPluggy) -> Item:
    """An item with an unread change, whose user is deactivated."""
    connected = connect(alice)
    pluggy.add_transaction(str(connected.id), description="NOVA", amount=-5, silent=True)
    mark_changed(connected)
    set_active(alice, False)
    return connected


def set_active(user: User, is_active: bool) -> None:
    User.objects.filter(pk=user.pk).update(is_active=is_active)


def run_everything(item: Item) -> None:
    """Do all that workers, the scheduler and operators do."""
    tasks.sync(str(item.id))
    tasks.sync_bulk(str(item.id))
    tasks.sweep()
    tasks.find_overdue_items()
    tasks.find_items_to_read_again()
    tasks.read_again(str(item.id))
    call_command("dispatch", "--once")


def test_nothing_is_read_and_all_of_it_later(
    item: Item, alice: User, pluggy: LocalPluggy, requests: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfm.task_queue.enqueue", lambda task, *args: task(*args))
    SyncState.objects.update(full_read_due_at=timezone.now())
    Item.objects.update(next_auto_sync_at=timezone.now() - timedelta(days=2), read_at="2026-01-01T00:00:00Z")
    item.product_states.update(retry_at=timezone.now())
    run_everything(item)
    assert requests == []
    assert item.runs.count() == 1

    set_active(alice, True)
    tasks.sweep()
    assert stored_amounts(item) == remote_amounts(pluggy, item)


def test_events_are_kept_for_their_return(
    item: Item, alice: User, pluggy: LocalPluggy, requests: list[str]
) -> None:
    body = event("item/updated", item=item)
    stored = inbox.receive(body, client_id=body["clientId"], now=timezone.now())
    assert stored is not None
    tasks.sync(str(item.id))
    inbox.settle(now=timezone.now())
    assert (Event.objects.get().state, requests) == ("queued", [])
    set_active(alice, True)
    tasks.sync(str(item.id))
    inbox.settle(now=timezone.now())
    assert Event.objects.get().state == "done"


def test_other_users_are_read(
    item: Item, bob: User, connect: Callable[..., Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfm.task_queue.enqueue", lambda task, *args: task(*args))
    other = connect(bob)
    mark_changed(other)
    tasks.sweep()
    other.sync.refresh_from_db()
    assert not other.sync.is_behind


def test_it_is_no_violation_and_no_alert(item: Item) -> None:
    now = timezone.now() + timedelta(days=2)
    Item.objects.update(next_auto_sync_at=timezone.now(), read_at=timezone.now() - timedelta(days=2))
    assert verify_sync_state.violations(now) == []
    monitoring.check_deliveries(now=now)
    assert not Alert.objects.exists()
    assert full_read.due_items(now=now, limit=9) == []


def test_operators_see_that_reading_is_stopped(item: Item, alice: User, admin_client: Browser) -> None:
    admin_client.cookies["django_language"] = "en"
    timeline = reverse("admin:webhooks_item_timeline", args=[item.id])
    listed = reverse("admin:connections_item_changelist")
    for url in (timeline, listed):
        assert "the user is deactivated" in admin_client.get(url).content.decode(), url
    operate = reverse("admin:connections_item_operate", args=[item.id])
    answer = admin_client.post(operate, {"do": "read"}, follow=True).content.decode()
    assert "Nothing is read, because the user is deactivated" in answer
    action = {"action": "sync_now", "_selected_action": [str(item.id)]}
    assert "Nothing is read" in admin_client.post(listed, action, follow=True).content.decode()
    set_active(alice, True)
    for url in (timeline, listed):
        assert "the user is deactivated" not in admin_client.get(url).content.decode(), url


def test_the_command_says_why_it_reads_nothing(item: Item, requests: list[str]) -> None:
    with pytest.raises(CommandError, match="of an active user"):
        call_command("sync_item", str(item.id))
    call_command("sync_item", "--all")
    assert requests == []


def test_a_sync_that_is_enqueued_before_reads_nothing(item: Item, requests: list[str]) -> None:
    tasks.sync(str(item.id))
    assert requests == []
    assert not full_read.read_again(item.id, client=our_client(), now=timezone.now)
