"""The invariants of the inbox: no accepted event is forgotten."""

from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from banking.connections.models import SyncState
from banking.verify import Violation
from webhooks.models import Event

State = Event.State
TOLERANCE = timedelta(minutes=5)


def violations(*, now: datetime) -> list[Violation]:
    return [*_forgotten(), *_unsettled(now), *_late(now), *_numbers(), *_ends()]


def _named(name: str, events: QuerySet[Event]) -> list[Violation]:
    return [Violation(name, f"event {event.event_id} ({event.name})", event.item_id) for event in events]


def _forgotten() -> list[Violation]:
    """Find waiting events that neither a sync of their item nor a time of their own will process."""
    counted = SyncState.objects.filter(item_id=OuterRef("item_id"), dirty_seq__gte=OuterRef("seq"))
    waiting = Event.objects.filter(state__in=(State.QUEUED, State.PARKED), try_at=None)
    lost = waiting.filter(Q(seq=None) | (Q(state=State.QUEUED) & ~Exists(counted)))
    known = SyncState.objects.filter(item_id=OuterRef("item_id"))
    # The events of a disconnected item are settled by the next sweep.
    return _named("every waiting event will be processed", lost.filter(Q(seq=None) | Exists(known)))


def _unsettled(now: datetime) -> list[Violation]:
    seen = SyncState.objects.filter(
        item_id=OuterRef("item_id"), synced_seq__gte=OuterRef("seq"), synced_at__lt=now - TOLERANCE
    )
    queued = Event.objects.filter(Exists(seen), state=State.QUEUED, received_at__lt=now - TOLERANCE)
    return _named("an event that a sync has seen is done", queued)


def _late(now: datetime) -> list[Violation]:
    late = Event.objects.filter(state__in=(State.QUEUED, State.PARKED), try_at__lt=now - TOLERANCE)
    return _named(f"no follow-up waits longer than {TOLERANCE.seconds // 60} minutes", late)


def _numbers() -> list[Violation]:
    """Find events of one item with the same number: they would be settled as one."""
    same = Event.objects.order_by().exclude(seq=None).values("item_id", "seq")
    twice = same.annotate(events=Count("id")).filter(events__gt=1)
    return [
        Violation(
            "each event has its own number", f"item {group['item_id']}: {group['seq']}", group["item_id"]
        )
        for group in twice
    ]


def _ends() -> list[Violation]:
    """Find settled events without a time, and times that are impossible."""
    over = Event.objects.filter(state__in=(State.DONE, State.IGNORED, State.DEAD), settled_at=None)
    odd = Event.objects.filter(Q(deliveries__lt=1) | Q(settled_at__lt=F("received_at") - TOLERANCE))
    return _named("a settled event has the time when it was settled", over) + _named(
        "an event is settled after it was received", odd
    )
