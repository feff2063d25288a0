"""Who works on an item: a lease that ends by itself, and a fence that stops whoever comes late."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from banking.models import Item, SyncState

LEASE = timedelta(seconds=60)


class HandOver(Exception):
    """More than this worker should read while others wait: the bulk workers go on."""


class LeaseLost(Exception):
    """Another worker has the item now, or the person disconnected it; nothing more may be written."""


@dataclass(frozen=True)
class Most:
    """What one run among interactive work may take before it hands over."""

    rows: int
    time: timedelta


@dataclass(frozen=True)
class Lease:
    item_id: UUID
    fence: int
    target_seq: int
    taken_at: datetime
    most: Most | None = None

    def check_room(self, rows_read: int, now: Callable[[], datetime]) -> None:
        """To be called where a run can be left and gone on with."""
        if self.most and (rows_read >= self.most.rows or now() - self.taken_at > self.most.time):
            raise HandOver(f"{rows_read} rows so far")

    @contextmanager
    def writing(self, now: datetime) -> Iterator[None]:
        """One transaction that renews the lease first. Holding its row, nobody else writes this item."""
        with transaction.atomic():
            self._renew(now)
            yield

    @contextmanager
    def writing_beyond(self, user_id: int, now: datetime) -> Iterator[None]:
        """The same for all of the person's items: what is concluded of one may come from another."""
        with transaction.atomic():
            SyncState.objects.hold_all(user_id)
            self._renew(now)
            yield

    def _renew(self, now: datetime) -> None:
        mine = SyncState.objects.filter(item_id=self.item_id, fence=self.fence)
        if not mine.update(lease_until=now + LEASE):
            raise LeaseLost(f"{self.item_id}: fence {self.fence} has moved")


def take(item_id: UUID, *, now: datetime, most: Most | None = None) -> Lease | None:
    """The lease, if the item is due and nobody works on it. Bulk items wait for who has no limit (`most`).

    The conditions stand on the updated row itself, not in a join: PostgreSQL checks them again after
    waiting for whoever was first, so of several workers at once exactly one gets the lease.
    """
    connected = Item.objects.connected().filter(id=OuterRef("item_id"))
    with transaction.atomic():
        due = SyncState.objects.due(now).filter(Exists(connected), item_id=item_id)
        if most is not None:
            due = due.filter(is_bulk=False)
        if not due.update(fence=F("fence") + 1, lease_until=now + LEASE):
            return None
        state = SyncState.objects.get(item_id=item_id)
        return Lease(item_id, state.fence, state.dirty_seq, now, most)
