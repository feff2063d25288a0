"""A run of Pluggy's whose end sends no event: it is looked at again after minutes, then less and less often."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item
from banking.web import tasks
from tests.factories import create_item
from tests.local_pluggy import LocalPluggy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
RUNNING = ("UPDATING", "MERGING", "WAITING_USER_INPUT", "WAITING_USER_ACTION")


@pytest.fixture(autouse=True)
def enqueued(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enqueue nothing; a test syncs when it wants to."""
    monkeypatch.setattr("pfm.task_queue.enqueue", lambda task, item_id: None)


def is_scheduled(item: Item) -> bool:
    """Run the task that finds overdue connections, and tell whether it found this one; undo it."""
    tasks.find_overdue_items()
    item.sync.refresh_from_db()
    is_behind = item.sync.is_behind
    item.sync.synced_seq = item.sync.dirty_seq
    item.sync.save()
    return is_behind


def minutes(number: float) -> Any:
    return timezone.now() - timedelta(minutes=number)


@pytest.mark.parametrize("status", RUNNING)
@pytest.mark.parametrize(
    ("changed_at_bank", "read", "is_due"),
    [
        (2, 2, False),
        (6, 6, True),  # five minutes after the first look
        (9, 4, False),
        (11, 5.5, True),  # at 5.5 minutes it still ran; the next look is at 11
        (14, 8, True),
        (20, 8, False),  # it has run for 12 minutes: the next look is 12 minutes after the last
        (60 * 30, 60 * 7, True),  # however long it takes, at least every six hours
        (60 * 30, 60 * 5, False),
        (None, 6, True),
        (None, 2, False),
        (-3, 6, True),  # Pluggy's clock is ahead
    ],
)
def test_a_run_is_looked_at_again_after_as_long_as_it_has_taken(
    status: str, changed_at_bank: float | None, read: float, is_due: bool, alice: User
) -> None:
    changed_at = None if changed_at_bank is None else minutes(changed_at_bank)
    item = create_item(alice, status=status, bank_updated_at=changed_at, read_at=minutes(read))
    assert is_scheduled(item) is is_due


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "UPDATED"},
        {"status": "OUTDATED"},
        {"status": "LOGIN_ERROR"},
        {"status": "UPDATING", "gone_at": timezone.now()},
        {"status": "UPDATING", "disconnected_at": timezone.now()},
    ],
)
def test_what_has_ended_is_not_looked_at(columns: dict[str, Any], alice: User) -> None:
    item = create_item(alice, bank_updated_at=minutes(300), read_at=minutes(300), **columns)
    assert not is_scheduled(item)


def test_a_refresh_whose_end_event_is_lost_is_read_after_minutes(
    alice: User, as_alice: Client, pluggy: LocalPluggy, connect: Any
) -> None:
    """No webhook is registered here, so no event tells of the end."""
    item = connect(alice)
    as_alice.post(reverse("refresh", args=[item.id]))
    tasks.sync_interactively(item.id)
    item.refresh_from_db()
    assert item.status == Item.Status.UPDATING
    collected_at = item.collected_at
    pluggy.wait_until_collected(str(item.id))
    assert not is_scheduled(item)
    Item.objects.update(read_at=minutes(6), bank_updated_at=minutes(6))
    tasks.find_overdue_items()
    tasks.sync_interactively(item.id)
    item.refresh_from_db()
    assert item.status == Item.Status.UPDATED
    assert item.collected_at and collected_at and item.collected_at > collected_at
