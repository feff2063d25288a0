"""GET and POST /webhooks, and GET, PATCH and DELETE /webhooks/{id}."""

import uuid
from typing import Any

from flask import Blueprint, request

from pluggy_sandbox.api.auth import json_body
from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.api.pagination import page
from pluggy_sandbox.api.url_checks import check_webhook_url
from pluggy_sandbox.clock import iso
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.settings import BY_CLIENT
from pluggy_sandbox.store import outbox

bp = Blueprint("webhooks", __name__)
Json = dict[str, Any]
MAX_PER_EVENT = 5
EVENT_NAMES = {
    "item": (
        "created", "updated", "error", "deleted", "login_succeeded", "waiting_user_input",
        "waiting_user_action", "all",
    ),
    "connector": ("status_updated",),
    "transactions": ("created", "updated", "deleted"),
    # Events of payments can be subscribed but are never sent, because payments are not imitated.
    "payment_intent": ("created", "completed", "waiting_payer_authorization", "error"),
    "payment_request": ("updated",),
    "scheduled_payment": ("created", "completed", "error", "canceled", "all_completed", "all_created"),
    "automatic_pix_payment": ("created", "completed", "error", "canceled"),
    "smart_transfer_preauthorization": ("completed", "error"),
    "smart_transfer_payment": ("completed", "error"),
    "boleto": ("updated",),
}  # fmt: skip
EVENTS = {"all", *(f"{subject}/{name}" for subject, names in EVENT_NAMES.items() for name in names)}
NODE_CLIENT = "PluggyNode/"  # how the User-Agent of Pluggy's Node client begins


@bp.get("/webhooks")
def index() -> Json:
    """List the webhooks of the application."""
    return page(outbox.webhooks(database()))


@bp.post("/webhooks")
def create() -> tuple[Json, int]:
    """Register a webhook for one event or for all."""
    body = json_body()
    now = iso(current_sandbox().clock.now())
    hook = {
        "id": str(uuid.uuid4()),
        "url": body.get("url"),
        "event": body.get("event"),
        "headers": body.get("headers") or {},
        "disabledAt": None,
        "createdAt": now,
        "updatedAt": now,
    }
    with database().write_transaction():
        _check(hook)
        outbox.save_webhook(database(), hook)
    return hook, _created_status()


@bp.get("/webhooks/<webhook_id>")
def show(webhook_id: str) -> Json:
    """Return one webhook."""
    return _load(webhook_id)


@bp.patch("/webhooks/<webhook_id>")
def update(webhook_id: str) -> Json:
    """Change a webhook; `enabled` switches it on or off."""
    body = json_body()
    now = iso(current_sandbox().clock.now())
    with database().write_transaction():
        hook = _load(webhook_id)
        hook |= {name: body[name] for name in ("url", "event", "headers") if body.get(name) is not None}
        if "enabled" in body:
            hook["disabledAt"] = None if body["enabled"] else now
        hook["updatedAt"] = now
        _check(hook)
        outbox.save_webhook(database(), hook)
    return hook


@bp.delete("/webhooks/<webhook_id>")
def delete(webhook_id: str) -> Json:
    """Delete a webhook."""
    _load(webhook_id)
    return {"count": outbox.delete_webhook(database(), webhook_id)}


def _created_status() -> int:
    """Return the status of a successful POST /webhooks.

    The specification and the Python client expect 201. The Node client takes anything but 200 for a failure.
    """
    status = current_sandbox().settings.webhook_created_status
    if status == BY_CLIENT:
        return 200 if request.headers.get("User-Agent", "").startswith(NODE_CLIENT) else 201
    return int(status)


def _load(webhook_id: str) -> Json:
    hook = outbox.webhook(database(), webhook_id)
    if hook is None:
        raise ApiError(404, "webhook not found", "WEBHOOK_NOT_FOUND")
    return hook


def _check(hook: Json) -> None:
    event, url = hook["event"], hook["url"]
    if str(event) not in EVENTS:
        raise ApiError(400, f"Invalid event type '{event}' for webhook")
    check_webhook_url(url)
    if not isinstance(hook["headers"], dict):
        raise ApiError(400, "headers must be an object")
    hook["headers"] = {str(name): str(value) for name, value in hook["headers"].items()}
    others = [other for other in outbox.webhooks(database()) if other["id"] != hook["id"]]
    same_event = [other for other in others if other["event"] == event]
    if any(other["url"] == url for other in same_event):
        raise ApiError(400, f"A webhook for event '{event}' and url '{url}' already exists.")
    if len(same_event) >= MAX_PER_EVENT:
        raise ApiError(400, f"You have reached the maximum of 5 webhooks for event '{event}'.")
