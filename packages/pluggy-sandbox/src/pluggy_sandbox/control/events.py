"""Control routes of webhooks: the event log, sending again, holding and releasing deliveries."""

from typing import Any

from flask import request

from pluggy_sandbox.api.auth import json_body
from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.api.pagination import positive_param
from pluggy_sandbox.control.access import control_blueprint
from pluggy_sandbox.delivery.publisher import targets_of
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import event_log, items, outbox

bp = control_blueprint("events")
Json = dict[str, Any]


@bp.get("/events")
def events() -> Json:
    """List the newest events (`limit`, 1000), oldest first, with deliveries and attempts."""
    params = request.args
    limit = positive_param("limit", 1000)
    item_id, name = params.get("itemId"), params.get("event")
    return {"results": event_log.log(database(), item_id=item_id, event=name, limit=limit)}


@bp.get("/events/<event_id>")
def event(event_id: str) -> Json:
    """Return one event with the request and response bodies."""
    event_data = event_log.get(database(), event_id)
    if event_data is None:
        raise ApiError(404, "event not found")
    return event_data


@bp.post("/events/<event_id>/redeliver")
def redeliver(event_id: str) -> Json:
    """Send an event again, with the same eventId, to the webhooks registered now."""
    row = outbox.event(database(), event_id)
    if row is None:
        raise ApiError(404, "event not found")
    item = items.load(database(), row["item_id"]) if row["item_id"] else None
    receivers = targets_of(database(), row["event"], item.webhook_url if item else None)
    for target in receivers:
        outbox.add_delivery(database(), event_id, target)
    current_sandbox().dispatcher.wake()
    return {"count": len(receivers)}


@bp.post("/webhooks/hold")
def hold() -> Json:
    """Stop sending deliveries."""
    current_sandbox().dispatcher.hold()
    return {"held": True}


@bp.post("/webhooks/release")
def release() -> Json:
    """Send the held deliveries as queued, "reversed", or by a list of event ids (all others last)."""
    order = json_body().get("order", "queued")
    waiting = outbox.waiting(database())
    if isinstance(order, list):
        positions = {event_id: number for number, event_id in enumerate(order)}
        waiting.sort(key=lambda delivery: positions.get(delivery["event_id"], len(positions)))
    elif order == "reversed":
        waiting.reverse()
    current_sandbox().dispatcher.release([delivery["id"] for delivery in waiting])
    return {"held": False, "released": [waiting_json(delivery) for delivery in waiting]}


def waiting_json(delivery: Any) -> Json:
    """Return a waiting delivery as JSON."""
    names = {"id": "id", "event_id": "eventId", "event": "event", "url": "url", "tries": "tries"}
    return {key: delivery[name] for name, key in names.items()}
