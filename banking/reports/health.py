"""What must always be true of the stored data, and where it is not; for operators, not for people."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q

from banking import rollups
from banking.models import Account, SyncRun, SyncState, Transaction

PATIENCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Violation:
    invariant: str
    detail: str


def violations(*, now: datetime) -> list[Violation]:
    """Empty when all is well."""
    return [*_sums(), *_owners(), *_waiting(now), *_abandoned(now)]


def _sums() -> list[Violation]:
    name = "every monthly sum is the sum of its rows"
    return [Violation(name, " ".join(map(str, row))) for row in rollups.differences()]


def _owners() -> list[Violation]:
    name = "rows, accounts and items have one owner"
    rows = Transaction.objects.exclude(user=F("account__user")).values_list("id", flat=True)
    accounts = Account.objects.exclude(user=F("item__user")).values_list("id", flat=True)
    found = [f"transaction {one}" for one in rows] + [f"account {one}" for one in accounts]
    return [Violation(name, detail) for detail in found]


def _waiting(now: datetime) -> list[Violation]:
    """Due, and nobody came: no worker, no beat, or no Redis."""
    name = f"nothing due waits longer than {PATIENCE.seconds // 60} minutes"
    late = SyncState.objects.due(now).filter(due_at__lt=now - PATIENCE, item__disconnected_at=None)
    return [
        Violation(name, f"item {state.item_id}, due at {state.due_at:%Y-%m-%d %H:%M:%S}") for state in late
    ]


def _abandoned(now: datetime) -> list[Violation]:
    """A run whose lease is over writes nothing any more; the next run of its item closes it."""
    name = "a run that says it is running has a lease"
    over = Q(item__sync__lease_until=None) | Q(item__sync__lease_until__lt=now - PATIENCE)
    runs = SyncRun.objects.filter(over, outcome=SyncRun.Outcome.RUNNING)
    return [Violation(name, f"run {run.id} of item {run.item_id}") for run in runs]
