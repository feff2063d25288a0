"""Who works on an item: a lease that ends by itself, and a fence that stops whoever comes late."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from banking.models import Item, SyncState

LEASE = timedelta(seconds=60)


class LeaseLost(Exception):
    """Another worker has the item now, or the person disconnected it; nothing more may be written."""


@dataclass(frozen=True)
class Lease:
    item_id: UUID
    fence: int
    target_seq: int

    @contextmanager
    def writing(self, now: datetime) -> Iterator[None]:
        """One transaction that renews the lease first. Holding its row, nobody else writes this item."""
        with transaction.atomic():
            mine = SyncState.objects.filter(item_id=self.item_id, fence=self.fence)
            if not mine.update(lease_until=now + LEASE):
                raise LeaseLost(f"{self.item_id}: fence {self.fence} has moved")
            yield


def take(item_id: UUID, *, now: datetime) -> Lease | None:
    """The lease, if the item is due and nobody works on it.

    The conditions stand on the updated row itself, not in a join: PostgreSQL checks them again after
    waiting for whoever was first, so of several workers at once exactly one gets the lease.
    """
    connected = Item.objects.connected().filter(id=OuterRef("item_id"))
    with transaction.atomic():
        due = SyncState.objects.due(now).filter(Exists(connected), item_id=item_id)
        if not due.update(fence=F("fence") + 1, lease_until=now + LEASE):
            return None
        state = SyncState.objects.get(item_id=item_id)
        return Lease(item_id, state.fence, state.dirty_seq)
