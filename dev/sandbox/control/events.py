"""Control of deliveries: the event log, another delivery, holding them back and letting them go."""

from typing import Any

from flask import request

from dev.sandbox.api.auth import json_body
from dev.sandbox.api.errors import ApiError
from dev.sandbox.api.pages import positive
from dev.sandbox.control.guard import room
from dev.sandbox.delivery.events import targets
from dev.sandbox.pluggy import here
from dev.sandbox.store import eventlog, items, outbox

bp = room("events")
Json = dict[str, Any]


@bp.get("/events")
def events() -> Json:
    """The newest events (`limit`, 1000), oldest first, with deliveries and attempts."""
    given = request.args
    limit = positive("limit", 1000)
    return {
        "results": eventlog.log(
            here().database, item_id=given.get("itemId"), event=given.get("event"), limit=limit
        )
    }


@bp.get("/events/<event_id>")
def event(event_id: str) -> Json:
    """One event with the bodies that went out and came back."""
    found = eventlog.one(here().database, event_id)
    if found is None:
        raise ApiError(404, "event not found")
    return found


@bp.post("/events/<event_id>/redeliver")
def redeliver(event_id: str) -> Json:
    """Send an event once more to the webhooks of today, with the same eventId."""
    row = outbox.event(here().database, event_id)
    if row is None:
        raise ApiError(404, "event not found")
    item = items.load(here().database, row["item_id"]) if row["item_id"] else None
    aimed = targets(here().database, row["event"], item.webhook_url if item else None)
    for target in aimed:
        outbox.add_delivery(here().database, event_id, target)
    here().courier.ring()
    return {"count": len(aimed)}


@bp.post("/webhooks/hold")
def hold() -> Json:
    """Keep all deliveries back."""
    here().courier.hold()
    return {"held": True}


@bp.post("/webhooks/release")
def release() -> Json:
    """Let the deliveries go: as queued, "reversed", or by a list of event ids (others after them)."""
    order = json_body().get("order", "queued")
    queue = outbox.waiting(here().database)
    if isinstance(order, list):
        place = {event_id: number for number, event_id in enumerate(order)}
        queue.sort(key=lambda row: place.get(row["event_id"], len(place)))
    elif order == "reversed":
        queue.reverse()
    here().courier.release([row["id"] for row in queue])
    return {"held": False, "released": [waiting_json(row) for row in queue]}


def waiting_json(row: Any) -> Json:
    """A delivery that still waits."""
    names = {"id": "id", "event_id": "eventId", "event": "event", "url": "url", "tries": "tries"}
    return {shown: row[name] for name, shown in names.items()}
