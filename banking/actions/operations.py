"""What an operator may do: have an item read again, free it, and decide about held deletions."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.models import User
from banking.models import Account, Alarm, HeldDeletion, Item, SyncState

State = HeldDeletion.State


@transaction.atomic
def read_again(item: Item, *, now: datetime, full: bool = False) -> None:
    """The item is due; with `full` as if it had never been read: every row is asked for and compared."""
    # Whoever holds this row writes the item: a run that is on does not see its marks move under it.
    SyncState.objects.select_for_update().get(item_id=item.id)
    if full:
        item.accounts.update(**FORGOTTEN)
    SyncState.objects.filter(item_id=item.id).update(parked_until=None)
    SyncState.objects.mark_changed(item.id, now=now, at_once=True)


FORGOTTEN = {"created_read_to": None, "first_read_after": "", "first_read_newest": None}
assert set(FORGOTTEN) < set(Account.PROGRESS)


@transaction.atomic
def release_lease(item: Item, *, now: datetime) -> None:
    """Whoever works on the item writes nothing any more, and it is due again."""
    SyncState.objects.filter(item_id=item.id).update(
        fence=F("fence") + 1, lease_until=None, parked_until=None
    )
    SyncState.objects.mark_changed(item.id, now=now, at_once=True)


@transaction.atomic
def believe_gone(alarm: Alarm, *, now: datetime) -> int:
    """The connections that were doubted since the alarm are gone indeed; tells how many."""
    doubted = Item.objects.called_gone(alarm.raised_at - Alarm.DOUBT).filter(gone_at=None)
    believed = doubted.update(gone_at=now)
    Alarm.objects.clear(Alarm.Code.GONE, now=now)
    return believed


@transaction.atomic
def approve(held: HeldDeletion, *, by: User, now: datetime) -> bool:
    """The next run of the item asks Pluggy for the rows once more, and removes what is still absent."""
    decided = _decide(held, State.APPROVED, by=by, now=now)
    if decided:
        SyncState.objects.mark_changed(held.item_id, now=now, at_once=True)
    return decided


def discard(held: HeldDeletion, *, by: User, now: datetime) -> bool:
    """The rows stay, although the bank does not show them, until it shows them again."""
    return _decide(held, State.DISCARDED, by=by, now=now)


def _decide(held: HeldDeletion, state: str, *, by: User, now: datetime) -> bool:
    waiting = HeldDeletion.objects.filter(id=held.id, state=State.HELD)
    return bool(waiting.update(state=state, decided_by=by, decided_at=now))
