"""Receive, follow up and settle events. PostgreSQL is the queue of record; every step may be repeated."""

import hashlib
import json
import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db.models import Exists, OuterRef
from django.db.transaction import atomic
from django.utils.dateparse import parse_datetime

from banking.connections import actions
from banking.connections.models import Item, SyncHint, SyncState
from banking.pluggy import Client, PluggyError
from webhooks import event_store
from webhooks.event_names import CONNECTOR_EVENT, ITEM_EVENTS, TRANSACTION_EVENTS
from webhooks.models import Event

logger = logging.getLogger(__name__)

GIVE_UP_AFTER = timedelta(days=7)
WAITS = [timedelta(seconds=seconds) for seconds in (10, 30, 120, 600, 3600, 6 * 3600, 24 * 3600)]
# Pluggy's immediate retries come within a minute, and no collection of a bank takes less than two minutes: two
# equal bodies without an eventId within this time are one event, and later ones are two.
REPEATED_WITHIN = timedelta(minutes=2)


class InvalidEvent(ValueError):
    """The body of an authenticated delivery is not an event of Pluggy."""


# --- Receive -----------------------------------------------------------------------------------------
def receive(body: Any, *, client_id: str, now: datetime) -> Event | None:
    """Store a delivery once and mark its item as changed, in one transaction.

    Returns the event, or None for a repeated delivery. Raises InvalidEvent. The body is only a reason to ask
    Pluggy: nothing is created, changed or removed because of it.
    """
    event = _event(body, now)
    hint = _hint(body, event)
    _classify(event, client_id, now)
    return event if event_store.store(event, hint) else None


def _event(body: Any, now: datetime) -> Event:
    if not isinstance(body, dict):
        raise InvalidEvent("not an object")
    name = body.get("event")
    if not isinstance(name, str) or not 0 < len(name) <= 80:
        raise InvalidEvent("event is not a name")
    event_id = _uuid(body, "eventId")
    item_id = _item_id(body, name, event_id)
    return Event(
        event_id=event_id or _identity(body, name, item_id, now),
        name=name,
        item_id=item_id,
        account_id=_uuid(body, "accountId"),
        client_user_id=_text(body, "clientUserId", 255),
        triggered_by=_text(body, "triggeredBy", 20),
        body=body,
        received_at=now,
        state=Event.State.IGNORED,
    )


def _item_id(body: dict[str, Any], name: str, event_id: UUID | None) -> UUID | None:
    """Return the item that an event names: `itemId`, or `id` in older bodies of item events.

    {"event": "item/updated", "id": "0f3c…", "triggeredBy": "SYNC"} names the item 0f3c…. Elsewhere `id` is the
    event, as it is wherever it equals `eventId`.
    """
    item_id = _uuid(body, "itemId")
    if item_id is not None or name not in ITEM_EVENTS:
        return item_id
    try:
        older_id = _uuid(body, "id")
    except InvalidEvent:
        return None
    return None if older_id == event_id else older_id


def _identity(body: dict[str, Any], name: str, item_id: UUID | None, now: datetime) -> UUID:
    """Return an id for an event without `eventId`, as in Pluggy's tutorial.

    Equal bodies within REPEATED_WITHIN get the same id. The id is made of the body and of the number of the
    current span of that length, or of the span before if the event was stored then and not too long ago.
    """
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    number = int(now.timestamp() // REPEATED_WITHIN.total_seconds())
    current, previous = (
        uuid5(NAMESPACE_URL, f"{name} {item_id} {digest} {span}") for span in (number, number - 1)
    )
    recent = Event.objects.filter(event_id=previous, received_at__gt=now - REPEATED_WITHIN)
    return previous if recent.exists() else current


def _hint(body: dict[str, Any], event: Event) -> SyncHint | None:
    kind = TRANSACTION_EVENTS.get(event.name)
    if kind is None or event.account_id is None or event.item_id is None:
        return None
    ids = body.get("transactionIds") or []
    if not isinstance(ids, list):
        raise InvalidEvent("transactionIds is not a list")
    return SyncHint(
        item_id=event.item_id,
        kind=kind,
        account_id=event.account_id,
        transaction_ids=sorted({_parsed_uuid(value, "transactionIds") for value in ids}),
        created_from=_instant(body.get("transactionsCreatedAtFrom")),
    )


def _classify(event: Event, client_id: str, now: datetime) -> None:
    """Set the state of a new event. One for an item is parked; event_store queues it if a user has the item."""
    event_client_id = event.body.get("clientId")
    if event_client_id is not None and event_client_id != client_id:
        _ignore(event, "of another application", now)
    elif event.name == CONNECTOR_EVENT:
        event.state, event.try_at = Event.State.QUEUED, now
    elif event.name not in ITEM_EVENTS and event.name not in TRANSACTION_EVENTS:
        _ignore(event, "not an event that is used", now)
    elif event.item_id is None:
        _ignore(event, "names no item", now)
    else:
        event.state, event.try_at = Event.State.PARKED, now


def _ignore(event: Event, reason: str, now: datetime) -> None:
    event.state, event.reason, event.settled_at = Event.State.IGNORED, reason, now


# --- Follow up ---------------------------------------------------------------------------------------
def follow_up(event_id: int, *, client: Client, now: datetime) -> UUID | None:
    """Do what an event needs besides a sync: bind an unknown item, or load a connector again.

    Returns the id of an item that should be synced now. After a failure, the event is due again later.
    """
    event = Event.objects.filter(id=event_id, try_at__lte=now).first()
    if event is None or event.state not in (Event.State.PARKED, Event.State.QUEUED):
        return None
    try:
        if event.name == CONNECTOR_EVENT:
            _refresh_connector(event, client, now)
            return None
        return _bind_item(event, client, now)
    except PluggyError as error:
        _retry_later(event, str(error), now)
    except Exception as error:
        _retry_later(event, f"{type(error).__name__}: {error}", now)
        raise
    return None


def _refresh_connector(event: Event, client: Client, now: datetime) -> None:
    connector_id = event.body.get("connectorId", event.body.get("id"))
    if isinstance(connector_id, (int, str)) and str(connector_id).isascii() and str(connector_id).isdigit():
        actions.refresh_connector(int(connector_id), client=client, now=now)
    _done(event, "", now)


def _bind_item(event: Event, client: Client, now: datetime) -> UUID | None:
    """Bind an item that no browser has claimed, perhaps because it was closed: Pluggy knows whose it is."""
    assert event.item_id is not None
    item = Item.objects.filter(id=event.item_id).first()
    item = item or actions.bind_from_webhook(event.item_id, client=client, now=now)
    if item is None and event.name == "item/deleted":
        _done(event, "no user has the item", now)
        return None
    if item is None:
        _retry_later(event, "no user has the item's clientUserId", now)
        return None
    return release_parked(item.id, now=now)


def release_parked(item_id: UUID, *, now: datetime) -> UUID:
    """Queue the parked events of an item that a user has now, with their hints."""
    with atomic():
        for event in Event.objects.filter(item_id=item_id, state=Event.State.PARKED).select_for_update():
            _queue(event, _hint(event.body, event), now)
            event.save(update_fields=["state", "seq", "try_at"])
    return item_id


def _queue(event: Event, hint: SyncHint | None, now: datetime) -> None:
    """Queue a parked event as a change of its item, if a user has the item by now."""
    assert event.item_id is not None
    event.seq = SyncState.objects.mark_changed(event.item_id, now=now)
    if event.seq is None:
        return
    event.state, event.try_at = Event.State.QUEUED, None
    if hint is not None:
        hint.seq = event.seq
        hint.save()


def _done(event: Event, reason: str, now: datetime) -> None:
    Event.objects.filter(id=event.id).update(
        state=Event.State.DONE, settled_at=now, try_at=None, reason=reason
    )


def _retry_later(event: Event, reason: str, now: datetime) -> None:
    """Make the event due again later, or give it up; unless another process has changed it meanwhile."""
    unchanged = Event.objects.filter(id=event.id, state=event.state, attempts=event.attempts)
    wait = WAITS[min(event.attempts, len(WAITS) - 1)]
    failure = {"attempts": event.attempts + 1, "reason": reason[:200], "error": reason[:2000]}
    if now - event.received_at > GIVE_UP_AFTER:
        unchanged.update(**failure, state=Event.State.DEAD, settled_at=now, try_at=None)
    else:
        unchanged.update(**failure, try_at=now + wait)


# --- Settle ------------------------------------------------------------------------------------------
def settle(*, now: datetime) -> int:
    """Mark the events done that a successful sync has seen, or whose item is gone; return how many."""
    queued = Event.objects.filter(state=Event.State.QUEUED, seq__isnull=False)
    seen = SyncState.objects.filter(item_id=OuterRef("item_id"), synced_seq__gte=OuterRef("seq"))
    item = Item.objects.filter(id=OuterRef("item_id"))
    alive = queued.filter(Exists(seen), Exists(item.filter(gone_at=None)), name="item/deleted")
    for event in alive.iterator():
        # Anybody who knows the secret may have sent it. Pluggy was asked for the item, and it exists.
        logger.warning("event %s reports item %s as deleted, but it exists", event.event_id, event.item_id)
    alive.update(reason="the item exists")
    done = queued.filter(Exists(seen)).update(state=Event.State.DONE, settled_at=now)
    gone = queued.exclude(Exists(item)).update(
        state=Event.State.DONE, settled_at=now, reason="the item was disconnected"
    )
    return done + gone


def due(now: datetime) -> list[int]:
    """Return the ids of events whose follow-up is due."""
    waiting = Event.objects.filter(state__in=(Event.State.PARKED, Event.State.QUEUED), try_at__lte=now)
    return list(waiting.order_by("try_at").values_list("id", flat=True)[:100])


def process_again(event: Event, *, client_id: str, now: datetime) -> None:
    """Process an event as if it had just come, whatever its state; for operators."""
    with atomic():
        event.refresh_from_db(from_queryset=Event.objects.select_for_update())
        event.attempts, event.error, event.reason = 0, "", ""
        event.seq = event.settled_at = event.try_at = None
        _classify(event, client_id, now)
        if event.state == Event.State.PARKED:
            _queue(event, _hint(event.body, event), now)
        event.save()


# --- Reading a body ----------------------------------------------------------------------------------
def _uuid(body: dict[str, Any], key: str) -> UUID | None:
    value = body.get(key)
    return None if value in (None, "") else _parsed_uuid(value, key)


def _parsed_uuid(value: Any, key: str) -> UUID:
    if not isinstance(value, str) or len(value) != 36:
        raise InvalidEvent(f"{key} is not a UUID")
    try:
        return UUID(value)
    except ValueError:
        raise InvalidEvent(f"{key} is not a UUID") from None


def _instant(value: Any) -> datetime | None:
    """Parse an instant; None if it cannot be parsed or is an impossible year."""
    try:
        instant = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return instant if instant and instant.tzinfo and 1970 < instant.year < 2200 else None


def _text(body: dict[str, Any], key: str, length: int) -> str:
    value = body.get(key)
    return value.replace("\x00", "")[:length] if isinstance(value, str) else ""
