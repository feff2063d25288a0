"""Control routes of scenarios: approvals, ended consents, changed passwords, failing products, outages."""

from typing import Any

from flask import Blueprint

from pluggy_sandbox.api.auth import json_body
from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.api.items import item_json
from pluggy_sandbox.clock import iso, parse
from pluggy_sandbox.control.access import loopback_only
from pluggy_sandbox.control.items import find
from pluggy_sandbox.institutions import connectors, health, logins
from pluggy_sandbox.runs import prompts
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import items, records
from pluggy_sandbox.store.items import Item

bp = Blueprint("control_scenarios", __name__, url_prefix="/_control")
bp.before_request(loopback_only)
Json = dict[str, Any]
NEW_PASSWORD = ("ACCOUNT_CREDENTIALS_RESET", "INVALID_CREDENTIALS", "ACCOUNT_LOCKED")


@bp.post("/items/<item_id>/approve")
def approve(item_id: str) -> Json:
    """Approve the access at the bank, for the user or for another holder of the account."""
    return _decide(item_id, granted=True)


@bp.post("/items/<item_id>/refuse")
def refuse(item_id: str) -> Json:
    """Refuse the access at the bank, for the user or for another holder of the account."""
    return _decide(item_id, granted=False)


@bp.post("/items/<item_id>/expire")
def expire(item_id: str) -> Json:
    """Let the time to answer a code or an approval run out."""
    with database().write_transaction():
        item = find(item_id)
        if not item.status.startswith("WAITING"):
            raise ApiError(409, "the item does not wait for an answer")
        current_sandbox().runner.expire(item)
    return item_json(item)


@bp.post("/items/<item_id>/revoke")
def revoke(item_id: str) -> Json:
    """Withdraw the consent at the bank. It stays withdrawn until the user connects again in update mode.

    With `needsLogin` the bank asks for it again only if the user also signs in again.
    """
    needs_login = json_body().get("needsLogin", False)
    if not isinstance(needs_login, bool):
        raise ApiError(400, "needsLogin must be a boolean")
    with database().write_transaction():
        item = find(item_id)
        logins.end_consent(item)
        item.renewal_needs_login = needs_login
        _end_consents(item)
        _save_and_sync(item)
    return item_json(item)


@bp.post("/items/<item_id>/password")
def password(item_id: str) -> Json:
    """Make the stored login invalid until parameters are sent again; `code` is one of NEW_PASSWORD."""
    code = json_body().get("code", NEW_PASSWORD[0])
    if code not in NEW_PASSWORD:
        raise ApiError(400, f"code must be one of {', '.join(NEW_PASSWORD)}")
    with database().write_transaction():
        item = find(item_id)
        item.outcome = code
        _save_and_sync(item)
    return item_json(item)


@bp.post("/items/<item_id>/failing")
def failing(item_id: str) -> Json:
    """Set the `products` that the next runs cannot collect; an empty list ends it."""
    products = json_body().get("products")
    if not isinstance(products, list) or not all(product in connectors.PRODUCTS for product in products):
        raise ApiError(400, f"products must be a list of {', '.join(connectors.PRODUCTS)}")
    with database().write_transaction():
        item = find(item_id)
        item.failing_products = products
        items.update(database(), item)
    return {"failing": item.failing_products}


@bp.post("/items/<item_id>/consent")
def consent(item_id: str) -> Json:
    """Set when the consent expires: `expiresAt` is an ISO instant, or null for never."""
    expires_at = json_body().get("expiresAt")
    try:
        expires_text = iso(parse(expires_at)) if expires_at else None
    except (TypeError, ValueError):
        raise ApiError(400, "expiresAt must be an ISO instant or null") from None
    with database().write_transaction():
        item = find(item_id)
        item.consent_expires_at = expires_text
        items.update(database(), item)
    return item_json(item)


@bp.post("/connectors/<int:connector_id>/status")
def status(connector_id: int) -> Json:
    """Set an institution OFFLINE (runs end with SITE_NOT_AVAILABLE), UNSTABLE (reported only) or ONLINE."""
    new_status = json_body().get("status")
    if not connectors.exists(connector_id):
        raise ApiError(404, "connector not found", "CONNECTOR_NOT_FOUND")
    if new_status not in health.STATUSES:
        raise ApiError(400, f"status must be one of {', '.join(health.STATUSES)}")
    with database().write_transaction():
        if health.status(database(), connector_id) != new_status:
            health.change(database(), connector_id, new_status, iso(current_sandbox().clock.now()))
            current_sandbox().publisher.connector(connector_id, new_status)
    return current_sandbox().connector(connector_id)


def _decide(item_id: str, *, granted: bool) -> Json:
    with database().write_transaction():
        item = find(item_id)
        if not prompts.awaits_decision(item):
            raise ApiError(409, "the item does not wait for an approval")
        current_sandbox().runner.decide(item, granted=granted)
    return item_json(item)


def _save_and_sync(item: Item) -> None:
    """Save the item and start an automatic run that notices the change, unless `{"run": false}`."""
    items.update(database(), item)
    if json_body().get("run", True) and item.run is None:
        current_sandbox().runner.open(item, "SYNC")


def _end_consents(item: Item) -> None:
    now = iso(current_sandbox().clock.now())
    ended = [
        consent | {"revokedAt": consent.get("revokedAt") or now}
        for consent in records.for_item(database(), item.id, records.CONSENT)
    ]
    records.replace(database(), item.id, records.CONSENT, ended)
