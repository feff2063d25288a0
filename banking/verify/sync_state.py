"""Check that due connections are synced, by one worker at a time, and that seen changes were seen."""

from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from banking.connections.models import SyncRun, SyncState
from banking.verify.violation import Violation

TOLERANCE = timedelta(minutes=5)
MAX_LEASE = timedelta(minutes=2)  # a lease is for one minute, and clocks differ
SUCCESSFUL = (SyncRun.Outcome.SUCCEEDED, SyncRun.Outcome.NOTHING_TO_READ)


def violations(now: datetime) -> list[Violation]:
    return [*_waiting(now), *_endless_leases(now), *_abandoned(now), *_concurrent(), *_unseen()]


def _waiting(now: datetime) -> list[Violation]:
    """Find due connections that no worker syncs: a worker, the scheduler or Redis does not run."""
    name = f"no due connection waits longer than {TOLERANCE.seconds // 60} minutes"
    late = SyncState.objects.due(now).readable().filter(due_at__lt=now - TOLERANCE)
    return [
        Violation(name, f"item {state.item_id}, due at {state.due_at:%Y-%m-%d %H:%M:%S}", state.item_id)
        for state in late
    ]


def _endless_leases(now: datetime) -> list[Violation]:
    name = "a lease expires within a minute"
    states = SyncState.objects.filter(lease_until__gt=now + MAX_LEASE)
    return [
        Violation(name, f"item {state.item_id} until {state.lease_until}", state.item_id) for state in states
    ]


def _abandoned(now: datetime) -> list[Violation]:
    """Find running syncs without a lease; the next sync of the item would close them."""
    name = "a running sync has a lease"
    over = Q(item__sync__lease_until=None) | Q(item__sync__lease_until__lt=now - TOLERANCE)
    runs = SyncRun.objects.filter(over, outcome=SyncRun.Outcome.RUNNING)
    return [Violation(name, f"run {run.id} of item {run.item_id}", run.item_id) for run in runs]


def _concurrent() -> list[Violation]:
    name = "an item has one sync at a time"
    running = SyncRun.objects.order_by().filter(outcome=SyncRun.Outcome.RUNNING).values("item_id")
    many = running.annotate(runs=Count("id")).filter(runs__gt=1).values_list("item_id", "runs")
    return [Violation(name, f"item {item_id} has {runs}", item_id) for item_id, runs in many]


def _unseen() -> list[Violation]:
    name = "changes that count as seen were seen by a sync"
    seen = SyncRun.objects.filter(
        item_id=OuterRef("item_id"), target_seq__gte=OuterRef("synced_seq"), outcome__in=SUCCESSFUL
    )
    states = SyncState.objects.filter(~Exists(seen), synced_seq__gt=0)
    return [
        Violation(name, f"item {state.item_id}: {state.synced_seq} of {state.dirty_seq}", state.item_id)
        for state in states
    ]
