"""Run the operations of the admin: sync a connection, release its lease, decide about reviews."""

from datetime import datetime

from django.db.models import F
from django.db.transaction import atomic

from accounts.models import User
from banking.connections.models import Alert, Item, SyncState
from banking.ledger.models import Account, DeletionReview

State = DeletionReview.State
FULL_SYNC = {"created_read_until": None, "first_read_cursor": "", "first_read_latest": None}
assert set(FULL_SYNC) < set(Account.READ_PROGRESS)


@atomic
def request_sync(item: Item, *, now: datetime, full: bool = False) -> None:
    """Make a connection due at once; with `full` every transaction is asked for again and compared."""
    # Every sync holds this lock when it writes: none is under way while the account's progress is reset.
    SyncState.objects.select_for_update().get(item_id=item.id)
    if full:
        item.accounts.update(**FULL_SYNC)
    SyncState.objects.filter(item_id=item.id).update(quarantined_until=None)
    SyncState.objects.mark_changed(item.id, now=now, at_once=True)


@atomic
def release_lease(item: Item, *, now: datetime) -> None:
    """Take the lease away from the worker that holds it and make the connection due at once."""
    SyncState.objects.filter(item_id=item.id).update(
        fence=F("fence") + 1, lease_until=None, quarantined_until=None
    )
    SyncState.objects.mark_changed(item.id, now=now, at_once=True)


@atomic
def confirm_deleted(alert: Alert, *, now: datetime) -> int:
    """Confirm that the connections behind an alert no longer exist at Pluggy; return their number."""
    doubted = Item.objects.reported_gone(alert.opened_at - Alert.DOUBT).filter(gone_at=None)
    confirmed_count = doubted.update(gone_at=now)
    Alert.objects.close(Alert.Code.GONE, now=now)
    return confirmed_count


@atomic
def approve_deletion(review: DeletionReview, *, by: User, now: datetime) -> bool:
    """Let the next sync ask for the transactions once more and remove those still missing.

    False if the review was decided before.
    """
    is_decided = _decide(review, State.APPROVED, by=by, now=now)
    if is_decided:
        SyncState.objects.mark_changed(review.item_id, now=now, at_once=True)
    return is_decided


def reject_deletion(review: DeletionReview, *, by: User, now: datetime) -> bool:
    """Keep the transactions although the bank no longer shows them. False if decided before."""
    return _decide(review, State.REJECTED, by=by, now=now)


def _decide(review: DeletionReview, state: str, *, by: User, now: datetime) -> bool:
    pending = DeletionReview.objects.filter(id=review.id, state=State.PENDING)
    return bool(pending.update(state=state, decided_by=by, decided_at=now))
