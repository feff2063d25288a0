"""What must always be true of the inbox: nothing acknowledged is forgotten."""

from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from banking.models import SyncState
from banking.reports.health import Violation
from webhooks.models import Event

State = Event.State
PATIENCE = timedelta(minutes=5)


def violations(*, now: datetime) -> list[Violation]:
    return [*_forgotten(), *_unsettled(now), *_late(now), *_numbers(), *_ends()]


def _named(name: str, events: QuerySet[Event]) -> list[Violation]:
    return [Violation(name, f"event {one.event_id} ({one.name})", one.item_id) for one in events]


def _forgotten() -> list[Violation]:
    """A queued event is a number that its item has reached or will reach, or has a time of its own."""
    counted = SyncState.objects.filter(item_id=OuterRef("item_id"), dirty_seq__gte=OuterRef("seq"))
    waiting = Event.objects.filter(state__in=(State.QUEUED, State.PARKED), try_at=None)
    lost = waiting.filter(Q(seq=None) | (Q(state=State.QUEUED) & ~Exists(counted)))
    known = SyncState.objects.filter(item_id=OuterRef("item_id"))
    # An item that has left takes its events with it at the next settling.
    return _named("whatever waits has somebody who comes", lost.filter(Q(seq=None) | Exists(known)))


def _unsettled(now: datetime) -> list[Violation]:
    seen = SyncState.objects.filter(
        item_id=OuterRef("item_id"), synced_seq__gte=OuterRef("seq"), synced_at__lt=now - PATIENCE
    )
    queued = Event.objects.filter(Exists(seen), state=State.QUEUED, received_at__lt=now - PATIENCE)
    return _named("an event that a run has seen is done", queued)


def _late(now: datetime) -> list[Violation]:
    late = Event.objects.filter(state__in=(State.QUEUED, State.PARKED), try_at__lt=now - PATIENCE)
    return _named(f"no follow-up waits longer than {PATIENCE.seconds // 60} minutes", late)


def _numbers() -> list[Violation]:
    """Each change of an item has a number of its own: two events with one would be settled as one."""
    same = Event.objects.order_by().exclude(seq=None).values("item_id", "seq")
    twice = same.annotate(events=Count("id")).filter(events__gt=1)
    return [
        Violation(
            "each event has a number of its own", f"item {one['item_id']}: {one['seq']}", one["item_id"]
        )
        for one in twice
    ]


def _ends() -> list[Violation]:
    """Accepted once, and with an end that is known."""
    over = Event.objects.filter(state__in=(State.DONE, State.IGNORED, State.DEAD), settled_at=None)
    odd = Event.objects.filter(Q(deliveries__lt=1) | Q(settled_at__lt=F("received_at") - PATIENCE))
    return _named("an event that is over says since when", over) + _named(
        "an event came before it ended", odd
    )
