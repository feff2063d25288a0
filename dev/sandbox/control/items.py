"""Control of items: forced statuses, an automatic sync, a goodbye."""

from typing import Any

from dev.sandbox.api.auth import json_body, require_kinds
from dev.sandbox.api.errors import ApiError, item_not_found
from dev.sandbox.api.items import item_json
from dev.sandbox.control.guard import room
from dev.sandbox.pluggy import here
from dev.sandbox.runs.results import settle
from dev.sandbox.store import items
from dev.sandbox.store.items import Item, Run

bp = room("items")
Json = dict[str, Any]
IN_THE_MIDDLE = ("UPDATING", "MERGING", "WAITING_USER_INPUT", "WAITING_USER_ACTION")


@bp.post("/items/<item_id>/status")
def status(item_id: str) -> Json:
    """Force a final code, or leave the item in the middle of a run with a status that is not final."""
    body = json_body()
    require_kinds(body, str, "status", "executionStatus", "triggeredBy")
    with here().database.writing():
        item = find(item_id)
        if body.get("status") in IN_THE_MIDDLE:
            _leave_in_the_middle(item, body)
        else:
            _force_the_end(item, body)
    return item_json(item)


@bp.post("/items/<item_id>/refresh")
def refresh(item_id: str) -> Json:
    """An automatic sync, as Pluggy starts by itself."""
    with here().database.writing():
        item = find(item_id)
        if item.run is not None:
            raise ApiError(409, "Item is already updating", "ITEM_IS_ALREADY_UPDATING")
        here().runner.open(item, "SYNC")
    return item_json(item)


@bp.delete("/items/<item_id>")
def disconnect(item_id: str) -> Json:
    """The item is deleted by somebody else than the product, which only item/deleted tells."""
    with here().database.writing():
        item = find(item_id)
        items.delete(here().database, item.id)
        here().announcer.item("item/deleted", item)
    return {"count": 1}


def find(item_id: str) -> Item:
    """The item, or 404."""
    item = items.load(here().database, item_id)
    if item is None:
        raise item_not_found()
    return item


def _force_the_end(item: Item, body: Json) -> None:
    settle(item, str(body.get("executionStatus") or "UNEXPECTED_ERROR"), now=here().clock.now())
    item.status = body.get("status", item.status)
    if isinstance(body.get("error"), dict):
        item.error = {"message": "", "providerMessage": None, "attributes": None} | body["error"]
    items.save(here().database, item, due_at=None)
    if not body.get("silent"):
        event = "item/error" if item.error else "item/updated"
        triggered_by = body.get("triggeredBy", "SYNC")
        here().announcer.item(event, item, triggered_by=triggered_by, error=item.error)


def _leave_in_the_middle(item: Item, body: Json) -> None:
    item.run = Run("update", body.get("triggeredBy", "SYNC"), [])
    if body["status"] == "WAITING_USER_INPUT":
        here().runner.ask_for_code(item)
        return
    item.status, item.error = body["status"], None
    item.execution_status = body.get("executionStatus", item.status)
    items.save(here().database, item, due_at=None)
    if item.status == "WAITING_USER_ACTION" and not body.get("silent"):
        here().announcer.item("item/waiting_user_action", item, triggered_by=item.run.triggered_by)
