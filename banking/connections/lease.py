"""Let one worker at a time sync a connection: a lease that expires, and a fence against late writers.

A worker takes the lease for 60 seconds and renews it before each write. If it dies, the lease expires and the
next worker takes it, with a higher fence. Should the first one wake up later, its fence is no longer the stored
one: its writes are refused.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef
from django.db.transaction import atomic

from banking.connections.models import Item, SyncState

LEASE = timedelta(seconds=60)


class RunBudgetExceeded(Exception):
    """The sync takes more than an interactive worker may spend; a bulk worker continues."""


class SyncWaits(RunBudgetExceeded):
    """Something has happened to the connection: a full read gives way to the sync that has to see it."""


class LeaseLost(Exception):
    """Another worker has the connection, or the user ended it; nothing more may be written."""


@dataclass(frozen=True)
class RunBudget:
    """Limits of one sync on an interactive worker."""

    transactions: int
    duration: timedelta


@dataclass(frozen=True)
class Lease:
    item_id: UUID
    fence: int
    target_seq: int
    taken_at: datetime
    budget: RunBudget | None = None

    def check_budget(self, transactions_read: int, now: Callable[[], datetime]) -> None:
        """Raise RunBudgetExceeded if the budget is used up. Call it where a later sync can continue."""
        if self.budget is None:
            return
        is_too_long = now() - self.taken_at > self.budget.duration
        if transactions_read >= self.budget.transactions or is_too_long:
            raise RunBudgetExceeded(f"{transactions_read} transactions so far")

    @contextmanager
    def write_transaction(self, now: datetime) -> Iterator[None]:
        """Open a database transaction that renews the lease and so locks the connection.

        Raises LeaseLost.
        """
        with atomic():
            self._renew(now)
            yield

    @contextmanager
    def write_transaction_for_user(self, user_id: int, now: datetime) -> Iterator[None]:
        """Open a database transaction that locks all connections of the user.

        Matching needs it, because it writes transactions of several connections. Raises LeaseLost.
        """
        with atomic():
            SyncState.objects.lock_all_for_user(user_id)
            self._renew(now)
            yield

    def _renew(self, now: datetime) -> None:
        own = SyncState.objects.filter(item_id=self.item_id, fence=self.fence)
        if not own.update(lease_until=now + LEASE):
            raise LeaseLost(f"{self.item_id}: the fence is no longer {self.fence}")


@dataclass(frozen=True)
class IdleLease(Lease):
    """The lease of a full read, which no sync has to wait for."""

    def check_budget(self, transactions_read: int, now: Callable[[], datetime]) -> None:
        super().check_budget(transactions_read, now)
        if SyncState.objects.filter(item_id=self.item_id, dirty_seq__gt=self.target_seq).exists():
            raise SyncWaits(f"after {transactions_read} transactions")


def take_idle(item_id: UUID, *, now: datetime, budget: RunBudget) -> IdleLease | None:
    """Take the lease for a full read if one is due and the connection is up to date; else return None."""
    readable = Item.objects.readable().filter(id=OuterRef("item_id"))
    with atomic():
        due = SyncState.objects.full_read_due(now).filter(Exists(readable), item_id=item_id)
        if not due.update(fence=F("fence") + 1, lease_until=now + LEASE):
            return None
        state = SyncState.objects.get(item_id=item_id)
        return IdleLease(item_id, state.fence, state.dirty_seq, now, budget)


def take(item_id: UUID, *, now: datetime, budget: RunBudget | None = None) -> Lease | None:
    """Take the lease if the connection is due and nobody has it; else return None.

    Connections marked as bulk are left to workers without a budget. The conditions are part of the UPDATE:
    PostgreSQL checks them again after it has waited for another worker, so exactly one gets the lease.
    """
    readable = Item.objects.readable().filter(id=OuterRef("item_id"))
    with atomic():
        due = SyncState.objects.due(now).filter(Exists(readable), item_id=item_id)
        if budget is not None:
            due = due.filter(is_bulk=False)
        if not due.update(fence=F("fence") + 1, lease_until=now + LEASE):
            return None
        state = SyncState.objects.get(item_id=item_id)
        return Lease(item_id, state.fence, state.dirty_seq, now, budget)
