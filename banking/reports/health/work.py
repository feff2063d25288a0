"""Nothing waits for ever, nobody works twice, and what counts as seen was seen."""

from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from banking.models import SyncRun, SyncState
from banking.reports.health.violation import Violation

PATIENCE = timedelta(minutes=5)
LONGEST_LEASE = timedelta(minutes=2)  # a lease is for one minute, and clocks differ
SAW = (SyncRun.Outcome.SUCCEEDED, SyncRun.Outcome.NOTHING_TO_READ)


def violations(now: datetime) -> list[Violation]:
    return [*_waiting(now), *_endless(now), *_abandoned(now), *_beside_each_other(), *_unseen()]


def _waiting(now: datetime) -> list[Violation]:
    """Due, and nobody came: no worker, no beat, or no Redis."""
    name = f"nothing due waits longer than {PATIENCE.seconds // 60} minutes"
    late = SyncState.objects.due(now).filter(due_at__lt=now - PATIENCE, item__disconnected_at=None)
    return [
        Violation(name, f"item {one.item_id}, due at {one.due_at:%Y-%m-%d %H:%M:%S}", one.item_id)
        for one in late
    ]


def _endless(now: datetime) -> list[Violation]:
    name = "a lease ends by itself within a minute"
    states = SyncState.objects.filter(lease_until__gt=now + LONGEST_LEASE)
    return [Violation(name, f"item {one.item_id} until {one.lease_until}", one.item_id) for one in states]


def _abandoned(now: datetime) -> list[Violation]:
    """A run whose lease is over writes nothing any more; the next run of its item closes it."""
    name = "a run that says it is running has a lease"
    over = Q(item__sync__lease_until=None) | Q(item__sync__lease_until__lt=now - PATIENCE)
    runs = SyncRun.objects.filter(over, outcome=SyncRun.Outcome.RUNNING)
    return [Violation(name, f"run {run.id} of item {run.item_id}", run.item_id) for run in runs]


def _beside_each_other() -> list[Violation]:
    name = "an item has one run at a time"
    running = SyncRun.objects.order_by().filter(outcome=SyncRun.Outcome.RUNNING).values("item_id")
    many = running.annotate(runs=Count("id")).filter(runs__gt=1).values_list("item_id", "runs")
    return [Violation(name, f"item {item_id} has {runs}", item_id) for item_id, runs in many]


def _unseen() -> list[Violation]:
    name = "what counts as seen was seen by a run"
    saw = SyncRun.objects.filter(
        item_id=OuterRef("item_id"), target_seq__gte=OuterRef("synced_seq"), outcome__in=SAW
    )
    states = SyncState.objects.filter(~Exists(saw), synced_seq__gt=0)
    return [
        Violation(name, f"item {one.item_id}: {one.synced_seq} of {one.dirty_seq}", one.item_id)
        for one in states
    ]
