"""Control routes for the end of a direct connector: its user connects the bank by Open Finance."""

import uuid
from typing import Any

from pluggy_sandbox.api.auth import json_body, reject_unknown
from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.api.items import item_json
from pluggy_sandbox.clock import iso
from pluggy_sandbox.control.access import control_blueprint
from pluggy_sandbox.control.items import find
from pluggy_sandbox.institutions import connectors, endings, health, logins
from pluggy_sandbox.runs import copied_history
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import items
from pluggy_sandbox.store.items import Item
from pluggy_sandbox.world.calendar import first_of_month

bp = control_blueprint("endings")
Json = dict[str, Any]
CPF = "761.092.776-73"  # the CPF that Open Finance banks accept
HISTORY_MONTHS = 12  # Open Finance gives no longer history, and none is transferred from the direct connector
MAX_HISTORY_MONTHS = 60


@bp.post("/connectors/<int:connector_id>/end")
def end(connector_id: int) -> Json:
    """End a direct connector: it is no longer listed, and runs of its items fail from now on."""
    if not connectors.exists(connector_id):
        raise ApiError(404, "connector not found", "CONNECTOR_NOT_FOUND")
    if connectors.is_open_finance(connector_id) or connectors.is_sandbox(connector_id):
        raise ApiError(409, "only a direct connector ends")
    with database().write_transaction():
        if not endings.has_ended(database(), connector_id):
            endings.end(database(), connector_id, iso(current_sandbox().clock.now()))
            _set_health(connector_id, "OFFLINE")
            _sync_items(connector_id)
    return _connectors_json(connector_id)


@bp.delete("/connectors/<int:connector_id>/end")
def undo(connector_id: int) -> Json:
    """Offer a direct connector again that has ended."""
    if not connectors.exists(connector_id) or not endings.has_ended(database(), connector_id):
        raise ApiError(404, "this connector has not ended")
    with database().write_transaction():
        endings.undo(database(), connector_id)
        _set_health(connector_id, "ONLINE")
    return _connectors_json(connector_id)


@bp.post("/items/<item_id>/reconnect")
def reconnect(item_id: str) -> tuple[Json, int]:
    """Connect the bank of an item by Open Finance, as its user would: a new item with new ids.

    The accounts are the same ones. `months` is the length of the new item's history; nothing older is
    transferred. The data of an item that came from a file are copied.
    """
    body = json_body()
    reject_unknown(body, {"months"})
    months = body.get("months", HISTORY_MONTHS)
    if type(months) is not int or not 0 <= months <= MAX_HISTORY_MONTHS:
        raise ApiError(400, f"months must be an integer from 0 to {MAX_HISTORY_MONTHS}")
    with database().write_transaction():
        old = find(item_id)
        new = _successor_item(old, months)
        logins.store(new, {"cpf": CPF})
        new.consent = "given"
        if old.from_file:
            copied_history.write(database(), old, new, now=current_sandbox().clock.now())
        current_sandbox().runner.open(new, "USER")
    return item_json(new), 201


def _successor_item(old: Item, months: int) -> Item:
    """Return a new item of the same person at the Open Finance connector of the same bank."""
    successor = connectors.successor(old.connector_id)
    if successor is None:
        raise ApiError(409, "this institution has no connector by Open Finance that replaces it")
    now, today = iso(current_sandbox().clock.now()), current_sandbox().clock.today()
    return Item(
        id=str(uuid.uuid4()),
        connector_id=successor,
        created_at=now,
        updated_at=now,
        client_user_id=old.client_user_id,
        webhook_url=old.webhook_url,
        products=connectors.products(successor),
        history_start=str(first_of_month(today, -months)),
        person=old.person or old.client_user_id or old.id,
        from_file=old.from_file,
    )


def _set_health(connector_id: int, status: str) -> None:
    health.change(database(), connector_id, status, iso(current_sandbox().clock.now()))
    current_sandbox().publisher.connector(connector_id, status)


def _sync_items(connector_id: int) -> None:
    """Start an automatic sync of the items, which notices that the bank can no longer be read."""
    for item in items.all_items(database()):
        if item.connector_id == connector_id and item.run is None:
            current_sandbox().runner.open(item, "SYNC")


def _connectors_json(connector_id: int) -> Json:
    successor = connectors.successor(connector_id)
    return {
        "connector": current_sandbox().connector(connector_id),
        "ended": endings.has_ended(database(), connector_id),
        "successor": None if successor is None else current_sandbox().connector(successor),
    }
