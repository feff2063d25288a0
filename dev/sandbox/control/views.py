"""Control of the machinery: the page, the state, the event log, held deliveries, faults and the reset."""

from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from dev.sandbox.api.auth import json_body
from dev.sandbox.api.errors import ApiError
from dev.sandbox.api.items import item_json
from dev.sandbox.clock import iso
from dev.sandbox.control.guard import loopback_only
from dev.sandbox.faults import Fault
from dev.sandbox.pluggy import here
from dev.sandbox.store import items, ledger, outbox

bp = Blueprint("control", __name__, url_prefix="/_control", template_folder="templates")
bp.before_request(loopback_only)
Json = dict[str, Any]


@bp.after_request
def not_in_frames(response: Response) -> Response:
    """Nobody's page may show the control room inside itself."""
    response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    return response


@bp.get("/")
def page() -> str:
    """The control room as a page."""
    return render_template("control.html", state=state(), events=outbox.log(here().database, limit=60)[::-1])


@bp.get("")
def door() -> Response:
    """The room is behind the slash."""
    return redirect("/_control/")


@bp.get("/state")
def state() -> Json:
    """Items with accounts, webhooks, faults, queue and clock."""
    pluggy = here()
    people = [
        item_json(item) | {"user": item.user, "accounts": ledger.accounts(pluggy.database, item.id)}
        for item in items.everyone(pluggy.database)
    ]
    return {
        "now": iso(pluggy.clock.now()),
        "pace": pluggy.settings.pace,
        "seed": pluggy.settings.seed,
        "held": pluggy.courier.held,
        "waitingDeliveries": [_waiting(row) for row in outbox.waiting(pluggy.database)],
        "items": people,
        "webhooks": outbox.webhooks(pluggy.database),
        "faults": pluggy.faults.listed(),
    }


@bp.get("/events")
def events() -> Json:
    """Every event, oldest first, with deliveries and attempts."""
    found = outbox.log(here().database, item_id=request.args.get("itemId"))
    wanted = request.args.get("event")
    return {"results": [event for event in found if wanted in (None, event["event"])]}


@bp.post("/events/<event_id>/redeliver")
def redeliver(event_id: str) -> Json:
    """Send an event once more to the webhooks of today, with the same eventId."""
    row = outbox.event(here().database, event_id)
    if row is None:
        raise ApiError(404, "event not found")
    hooks = [hook for hook in outbox.webhooks(here().database) if hook["event"] in ("all", row["event"])]
    targets = [(hook["url"], hook["headers"]) for hook in hooks if not hook["disabledAt"]]
    item = items.load(here().database, row["item_id"]) if row["item_id"] else None
    if item and item.webhook_url:
        targets.append((item.webhook_url, {}))
    for url, headers in targets:
        outbox.add_delivery(here().database, event_id, url, headers)
    here().courier.ring()
    return {"count": len(targets)}


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
    return {"held": False, "released": [_waiting(row) for row in queue]}


@bp.get("/faults")
def faults() -> Json:
    """The faults now on."""
    return {"results": here().faults.listed()}


@bp.post("/faults")
def add_fault() -> tuple[Json, int]:
    """Switch a fault on."""
    try:
        fault = Fault(**json_body())
    except (TypeError, ValueError) as problem:
        raise ApiError(400, str(problem)) from problem
    here().faults.add(fault)
    return vars(fault), 201


@bp.delete("/faults")
def clear_faults() -> Json:
    """Switch all faults off."""
    here().faults.clear()
    return {"results": []}


@bp.post("/reset")
def reset() -> Json:
    """Forget items, money, webhooks, events and faults; tokens stay good."""
    here().faults.clear()
    here().database.forget_everything()
    here().clock.restart()
    here().courier.release()
    return {"reset": True}


def _waiting(row: Any) -> Json:
    names = {"id": "id", "event_id": "eventId", "event": "event", "url": "url", "tries": "tries"}
    return {shown: row[name] for name, shown in names.items()}
