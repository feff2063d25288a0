"""Control of a bank's moods: approvals, consents that end, new passwords, failing products, a bank down."""

from typing import Any

from flask import Blueprint

from dev.sandbox.api.auth import json_body
from dev.sandbox.api.errors import ApiError
from dev.sandbox.api.items import item_json
from dev.sandbox.bank import connectors, health, logins
from dev.sandbox.clock import iso, parse
from dev.sandbox.control.guard import loopback_only
from dev.sandbox.control.items import find
from dev.sandbox.pluggy import here
from dev.sandbox.runs import asking
from dev.sandbox.store import items, records
from dev.sandbox.store.items import Item

bp = Blueprint("control_moods", __name__, url_prefix="/_control")
bp.before_request(loopback_only)
Json = dict[str, Any]
NEW_PASSWORD = ("ACCOUNT_CREDENTIALS_RESET", "INVALID_CREDENTIALS", "ACCOUNT_LOCKED")


@bp.post("/items/<item_id>/approve")
def approve(item_id: str) -> Json:
    """The person, or the other holder of the account, says yes at the bank."""
    return _decide(item_id, granted=True)


@bp.post("/items/<item_id>/refuse")
def refuse(item_id: str) -> Json:
    """The person, or the other holder of the account, says no at the bank."""
    return _decide(item_id, granted=False)


@bp.post("/items/<item_id>/expire")
def expire(item_id: str) -> Json:
    """Nobody has answered the code or the approval in time."""
    with here().database.writing():
        item = find(item_id)
        if not item.status.startswith("WAITING"):
            raise ApiError(409, "the item waits for nobody")
        here().runner.expire(item)
    return item_json(item)


@bp.post("/items/<item_id>/revoke")
def revoke(item_id: str) -> Json:
    """The person takes the consent back at the bank: it stays so until they connect again in update mode."""
    with here().database.writing():
        item = find(item_id)
        logins.end_consent(item)
        _end_consents(item)
        _notice_now(item)
    return item_json(item)


@bp.post("/items/<item_id>/password")
def password(item_id: str) -> Json:
    """The login stops working until parameters are sent again; `code` is one of NEW_PASSWORD."""
    code = json_body().get("code", NEW_PASSWORD[0])
    if code not in NEW_PASSWORD:
        raise ApiError(400, f"code must be one of {', '.join(NEW_PASSWORD)}")
    with here().database.writing():
        item = find(item_id)
        item.outcome = code
        _notice_now(item)
    return item_json(item)


@bp.post("/items/<item_id>/failing")
def failing(item_id: str) -> Json:
    """The `products` that this item's runs cannot collect, from the next run on; an empty list heals it."""
    products = json_body().get("products")
    if not isinstance(products, list) or not all(one in connectors.PRODUCTS for one in products):
        raise ApiError(400, f"products must be a list of {', '.join(connectors.PRODUCTS)}")
    with here().database.writing():
        item = find(item_id)
        item.failing = products
        items.keep(here().database, item)
    return {"failing": item.failing}


@bp.post("/items/<item_id>/consent")
def consent(item_id: str) -> Json:
    """The consent ends by itself at `expiresAt` (ISO instant; null: never)."""
    expires_at = json_body().get("expiresAt")
    try:
        text = iso(parse(expires_at)) if expires_at else None
    except (TypeError, ValueError):
        raise ApiError(400, "expiresAt must be an ISO instant or null") from None
    with here().database.writing():
        item = find(item_id)
        item.consent_expires_at = text
        items.keep(here().database, item)
    return item_json(item)


@bp.post("/connectors/<int:connector_id>/status")
def status(connector_id: int) -> Json:
    """The institution is OFFLINE (runs end SITE_NOT_AVAILABLE), UNSTABLE (only said so) or ONLINE."""
    wanted = json_body().get("status")
    if not connectors.exists(connector_id):
        raise ApiError(404, "connector not found", "CONNECTOR_NOT_FOUND")
    if wanted not in health.STATUSES:
        raise ApiError(400, f"status must be one of {', '.join(health.STATUSES)}")
    with here().database.writing():
        if health.status(here().database, connector_id) != wanted:
            health.change(here().database, connector_id, wanted, iso(here().clock.now()))
            here().announcer.connector(connector_id, wanted)
    return here().connector(connector_id)


def _decide(item_id: str, *, granted: bool) -> Json:
    with here().database.writing():
        item = find(item_id)
        if not asking.awaits_decision(item):
            raise ApiError(409, "the item waits for no approval")
        here().runner.decide(item, granted=granted)
    return item_json(item)


def _notice_now(item: Item) -> None:
    """The next run would find out; unless told `{"run": false}`, an automatic one comes at once."""
    items.keep(here().database, item)
    if json_body().get("run", True) and item.run is None:
        here().runner.open(item, "SYNC")


def _end_consents(item: Item) -> None:
    now = iso(here().clock.now())
    ended = [
        one | {"revokedAt": one.get("revokedAt") or now}
        for one in records.of_item(here().database, item.id, records.CONSENT)
    ]
    records.replace(here().database, item.id, records.CONSENT, ended)
