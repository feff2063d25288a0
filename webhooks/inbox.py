"""Receive, follow up and settle events. PostgreSQL is the queue of record; each step may be repeated."""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.dateparse import parse_datetime

from banking.actions import connections
from banking.models import Item, SyncHint, SyncState
from banking.pluggy import Client, PluggyError
from webhooks import storing
from webhooks.models import Event

logger = logging.getLogger(__name__)

ITEM_EVENTS = frozenset(
    {
        "item/created",
        "item/updated",
        "item/deleted",
        "item/error",
        "item/waiting_user_input",
        "item/waiting_user_action",
        "item/login_succeeded",
    }
)
TRANSACTION_EVENTS = {
    "transactions/created": SyncHint.Kind.CREATED,
    "transactions/updated": SyncHint.Kind.UPDATED,
    "transactions/deleted": SyncHint.Kind.DELETED,
}
CONNECTOR_EVENT = "connector/status_updated"

PARKED_FOR = timedelta(days=7)
WAITS = [timedelta(seconds=seconds) for seconds in (10, 30, 120, 600, 3600, 6 * 3600, 24 * 3600)]


class Nonsense(ValueError):
    """An authenticated body that is no event of Pluggy's."""


# --- Receive -----------------------------------------------------------------------------------------
def receive(body: Any, *, client_id: str, now: datetime) -> Event | None:
    """Store a delivery, once, and mark its item as changed, in one transaction.

    Gives the stored event, or None for a repeated delivery. Raises Nonsense. What the body says is
    only ever a reason to ask Pluggy; nothing is created, changed or removed because of it.
    """
    event = _event(body, now)
    hint = _hint(body, event)
    _judge(event, client_id, now)
    return event if storing.store(event, hint) else None


def _event(body: Any, now: datetime) -> Event:
    if not isinstance(body, dict):
        raise Nonsense("not an object")
    name = body.get("event")
    if not isinstance(name, str) or not 0 < len(name) <= 80:
        raise Nonsense("event is not a name")
    return Event(
        event_id=_parsed_uuid(body.get("eventId"), "eventId"),
        name=name,
        item_id=_uuid(body, "itemId"),
        account_id=_uuid(body, "accountId"),
        client_user_id=_text(body, "clientUserId", 255),
        triggered_by=_text(body, "triggeredBy", 20),
        body=body,
        received_at=now,
        state=Event.State.IGNORED,
    )


def _hint(body: dict[str, Any], event: Event) -> SyncHint | None:
    kind = TRANSACTION_EVENTS.get(event.name)
    if kind is None or event.account_id is None or event.item_id is None:
        return None
    ids = body.get("transactionIds") or []
    if not isinstance(ids, list):
        raise Nonsense("transactionIds is not a list")
    return SyncHint(
        item_id=event.item_id,
        kind=kind,
        account_id=event.account_id,
        transaction_ids=sorted({_parsed_uuid(one, "transactionIds") for one in ids}),
        created_from=_instant(body.get("transactionsCreatedAtFrom")),
    )


def _judge(event: Event, client_id: str, now: datetime) -> None:
    """Decide what follows from a new event. What concerns an item is parked, unless somebody here has it."""
    theirs = event.body.get("clientId")
    if theirs is not None and theirs != client_id:
        _ignore(event, "another application's", now)
    elif event.name == CONNECTOR_EVENT:
        event.state, event.try_at = Event.State.QUEUED, now
    elif event.name not in ITEM_EVENTS and event.name not in TRANSACTION_EVENTS:
        _ignore(event, "not an event that we use", now)
    elif event.item_id is None:
        _ignore(event, "names no item", now)
    else:
        event.state, event.try_at = Event.State.PARKED, now


def _ignore(event: Event, reason: str, now: datetime) -> None:
    event.state, event.reason, event.settled_at = Event.State.IGNORED, reason, now


# --- Follow up ---------------------------------------------------------------------------------------
def follow_up(event_id: int, *, client: Client, now: datetime) -> UUID | None:
    """What an event needs besides a sync: adopt an unknown item, or read a connector again.

    Gives the id of an item that should now be synced. A failure is tried again by the sweeper.
    """
    event = Event.objects.filter(id=event_id, try_at__lte=now).first()
    if event is None or event.state not in (Event.State.PARKED, Event.State.QUEUED):
        return None
    try:
        if event.name == CONNECTOR_EVENT:
            _read_connector(event, client, now)
            return None
        return _adopt(event, client, now)
    except PluggyError as error:
        _later(event, str(error), now)
    except Exception as error:
        _later(event, f"{type(error).__name__}: {error}", now)
        raise
    return None


def _read_connector(event: Event, client: Client, now: datetime) -> None:
    connector_id = event.body.get("connectorId", event.body.get("id"))
    if isinstance(connector_id, (int, str)) and str(connector_id).isascii() and str(connector_id).isdigit():
        connections.connector_health_changed(int(connector_id), client=client, now=now)
    _done(event, "", now)


def _adopt(event: Event, client: Client, now: datetime) -> UUID | None:
    """An item that nobody claimed here: Pluggy says whose it is. Its browser may have been closed."""
    assert event.item_id is not None
    item = Item.objects.filter(id=event.item_id).first()
    item = item or connections.adopt(event.item_id, client=client, now=now)
    if item is None and event.name == "item/deleted":
        _done(event, "an item that nobody here has", now)
        return None
    if item is None:
        _later(event, "nobody here is the item's clientUserId", now)
        return None
    return unpark(item.id, now=now)


def unpark(item_id: UUID, *, now: datetime) -> UUID:
    """The parked events of an item that is now somebody's become changes of it, hints included."""
    with transaction.atomic():
        for event in Event.objects.filter(item_id=item_id, state=Event.State.PARKED).select_for_update():
            _queue(event, _hint(event.body, event), now)
            event.save(update_fields=["state", "seq", "try_at"])
    return item_id


def _queue(event: Event, hint: SyncHint | None, now: datetime) -> None:
    """A parked event becomes a change of its item, if somebody here has it by now."""
    assert event.item_id is not None
    event.seq = SyncState.objects.mark_changed(event.item_id, now=now)
    if event.seq is None:
        return
    event.state, event.try_at = Event.State.QUEUED, None
    if hint is not None:
        hint.seq = event.seq
        hint.save()


def _done(event: Event, reason: str, now: datetime) -> None:
    done = {"state": Event.State.DONE, "settled_at": now, "try_at": None, "reason": reason}
    Event.objects.filter(id=event.id).update(**done)


def _later(event: Event, reason: str, now: datetime) -> None:
    """Try again later, or give up; unless somebody else has dealt with the event meanwhile."""
    unchanged = Event.objects.filter(id=event.id, state=event.state, attempts=event.attempts)
    wait = WAITS[min(event.attempts, len(WAITS) - 1)]
    told = {"attempts": event.attempts + 1, "reason": reason[:200], "error": reason[:2000]}
    if now - event.received_at > PARKED_FOR:
        unchanged.update(**told, state=Event.State.DEAD, settled_at=now, try_at=None)
    else:
        unchanged.update(**told, try_at=now + wait)


# --- Settle ------------------------------------------------------------------------------------------
def settle(*, now: datetime) -> int:
    """Events that a successful run has seen are done; those of an item that has left are, too."""
    queued = Event.objects.filter(state=Event.State.QUEUED, seq__isnull=False)
    seen = SyncState.objects.filter(item_id=OuterRef("item_id"), synced_seq__gte=OuterRef("seq"))
    item = Item.objects.filter(id=OuterRef("item_id"))
    alive = queued.filter(Exists(seen), Exists(item.filter(gone_at=None)), name="item/deleted")
    for event in alive.iterator():
        # Whoever knows the secret may have sent it: the item was asked for, and it is there.
        logger.warning("event %s says that item %s is deleted; it is not", event.event_id, event.item_id)
    alive.update(reason="the item is still there")
    done = queued.filter(Exists(seen)).update(state=Event.State.DONE, settled_at=now)
    gone = queued.exclude(Exists(item)).update(
        state=Event.State.DONE, settled_at=now, reason="the item has left"
    )
    return done + gone


def due(now: datetime) -> list[int]:
    """Events that wait for a follow-up."""
    waiting = Event.objects.filter(state__in=(Event.State.PARKED, Event.State.QUEUED), try_at__lte=now)
    return list(waiting.order_by("try_at").values_list("id", flat=True)[:100])


def process_again(event: Event, *, client_id: str, now: datetime) -> None:
    """By an operator's hand: whatever became of it, the event is judged as if it had just come."""
    with transaction.atomic():
        event.refresh_from_db(from_queryset=Event.objects.select_for_update())
        event.attempts, event.error, event.reason = 0, "", ""
        event.seq = event.settled_at = event.try_at = None
        _judge(event, client_id, now)
        if event.state == Event.State.PARKED:
            _queue(event, _hint(event.body, event), now)
        event.save()


# --- Reading a body ----------------------------------------------------------------------------------
def _uuid(body: dict[str, Any], key: str) -> UUID | None:
    value = body.get(key)
    return None if value is None else _parsed_uuid(value, key)


def _parsed_uuid(value: Any, key: str) -> UUID:
    if not isinstance(value, str) or len(value) != 36:
        raise Nonsense(f"{key} is not a UUID")
    try:
        return UUID(value)
    except ValueError:
        raise Nonsense(f"{key} is not a UUID") from None


def _instant(value: Any) -> datetime | None:
    """A hint from when on to read; one that cannot be meant is none."""
    try:
        instant = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return instant if instant and instant.tzinfo and 1970 < instant.year < 2200 else None


def _text(body: dict[str, Any], key: str, length: int) -> str:
    value = body.get(key)
    return value.replace("\x00", "")[:length] if isinstance(value, str) else ""
