"""Control routes of items: force a status, start or end automatic syncs, limit updates, delete."""

from typing import Any

from pluggy_sandbox.api.auth import json_body, require_types
from pluggy_sandbox.api.errors import ApiError, item_not_found
from pluggy_sandbox.api.item_checks import UPDATE_FLOOR, update_floor_hours
from pluggy_sandbox.api.items import item_json
from pluggy_sandbox.control.access import control_blueprint
from pluggy_sandbox.runs.outcome import MAX_SYNC_FAILURES, close_run
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import items, key_values
from pluggy_sandbox.store.items import Item, Run

bp = control_blueprint("items")
Json = dict[str, Any]
UNFINISHED_STATUSES = ("UPDATING", "MERGING", "WAITING_USER_INPUT", "WAITING_USER_ACTION")


@bp.post("/items/<item_id>/status")
def status(item_id: str) -> Json:
    """Force a final status, or leave the item in the middle of a run with a status that is not final."""
    body = json_body()
    require_types(body, str, "status", "executionStatus", "triggeredBy")
    with database().write_transaction():
        item = find(item_id)
        if body.get("status") in UNFINISHED_STATUSES:
            _leave_in_the_middle(item, body)
        else:
            _force_the_end(item, body)
    return item_json(item)


@bp.post("/items/<item_id>/refresh")
def refresh(item_id: str) -> Json:
    """Start an automatic sync, as Pluggy does by itself."""
    with database().write_transaction():
        item = find(item_id)
        if item.run is not None:
            raise ApiError(409, "Item is already updating", "ITEM_IS_ALREADY_UPDATING")
        current_sandbox().runner.open(item, "SYNC")
    return item_json(item)


@bp.post("/items/<item_id>/give-up")
def give_up(item_id: str) -> Json:
    """Let the item leave the automatic sync, as after its first failure and five retries; `code` is the error."""
    body = json_body()
    require_types(body, str, "code")
    with database().write_transaction():
        item = find(item_id)
        item.sync_failures = MAX_SYNC_FAILURES
        _force_the_end(item, {"executionStatus": body.get("code") or "SITE_NOT_AVAILABLE"})
    return item_json(item)


@bp.post("/update-floor")
def update_floor() -> Json:
    """Set the minimum time between two updates of any item, in `hours`."""
    hours = json_body().get("hours")
    if isinstance(hours, bool) or not isinstance(hours, int | float) or hours < 0:
        raise ApiError(400, "hours must be a number from 0 on")
    key_values.put(database(), UPDATE_FLOOR, str(hours))
    return {"hours": update_floor_hours()}


@bp.delete("/items/<item_id>")
def disconnect(item_id: str) -> Json:
    """Delete the item on Pluggy's side; only the item/deleted webhook reports it."""
    with database().write_transaction():
        item = find(item_id)
        items.delete(database(), item.id)
        current_sandbox().publisher.item("item/deleted", item)
    return {"count": 1}


def find(item_id: str) -> Item:
    """Return the item, or raise 404."""
    item = items.load(database(), item_id)
    if item is None:
        raise item_not_found()
    return item


def _force_the_end(item: Item, body: Json) -> None:
    """Give the item a final status and publish it."""
    close_run(item, str(body.get("executionStatus") or "UNEXPECTED_ERROR"), now=current_sandbox().clock.now())
    item.status = body.get("status", item.status)
    if isinstance(body.get("error"), dict):
        item.error = {"message": "", "providerMessage": None, "attributes": None} | body["error"]
    items.save(database(), item, due_at=None)
    if not body.get("silent"):
        event = "item/error" if item.error else "item/updated"
        triggered_by = body.get("triggeredBy", "SYNC")
        current_sandbox().publisher.item(event, item, triggered_by=triggered_by, error=item.error)


def _leave_in_the_middle(item: Item, body: Json) -> None:
    """Give the item a status of a run that does not continue."""
    item.run = Run("update", body.get("triggeredBy", "SYNC"), [])
    if body["status"] == "WAITING_USER_INPUT":
        current_sandbox().runner.ask_for_code(item)
        return
    item.status, item.error = body["status"], None
    item.execution_status = body.get("executionStatus", item.status)
    items.save(database(), item, due_at=None)
    if item.status == "WAITING_USER_ACTION" and not body.get("silent"):
        current_sandbox().publisher.item("item/waiting_user_action", item, triggered_by=item.run.triggered_by)
