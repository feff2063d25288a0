"""Webhooks: GET, POST /webhooks and GET, PATCH, DELETE /webhooks/{id}."""

import uuid
from typing import Any

from flask import Blueprint

from dev.sandbox.api.auth import json_body
from dev.sandbox.api.errors import ApiError
from dev.sandbox.api.pages import page
from dev.sandbox.api.urls import check_webhook_url
from dev.sandbox.clock import iso
from dev.sandbox.pluggy import here
from dev.sandbox.store import outbox

bp = Blueprint("webhooks", __name__)
Json = dict[str, Any]
MOST_PER_EVENT = 5
EVENTS = {
    "all",
    *(f"item/{name}" for name in ("created", "updated", "error", "deleted", "login_succeeded")),
    *(f"item/{name}" for name in ("waiting_user_input", "waiting_user_action")),
    "connector/status_updated",
    *(f"transactions/{name}" for name in ("created", "updated", "deleted")),
}


@bp.get("/webhooks")
def index() -> Json:
    """All webhooks of the application."""
    return page(outbox.webhooks(here().database))


@bp.post("/webhooks")
def create() -> tuple[Json, int]:
    """Ask to be told about an event, or about all."""
    body = json_body()
    now = iso(here().clock.now())
    hook = {
        "id": str(uuid.uuid4()),
        "url": body.get("url"),
        "event": body.get("event"),
        "headers": body.get("headers") or {},
        "disabledAt": None,
        "createdAt": now,
        "updatedAt": now,
    }
    with here().database.writing():
        _check(hook)
        outbox.save_webhook(here().database, hook)
    return hook, 201


@bp.get("/webhooks/<webhook_id>")
def show(webhook_id: str) -> Json:
    """One webhook."""
    return _load(webhook_id)


@bp.patch("/webhooks/<webhook_id>")
def update(webhook_id: str) -> Json:
    """Change a webhook; `enabled` arms or disarms it."""
    body = json_body()
    now = iso(here().clock.now())
    with here().database.writing():
        hook = _load(webhook_id)
        hook |= {name: body[name] for name in ("url", "event", "headers") if body.get(name) is not None}
        if "enabled" in body:
            hook["disabledAt"] = None if body["enabled"] else now
        hook["updatedAt"] = now
        _check(hook)
        outbox.save_webhook(here().database, hook)
    return hook


@bp.delete("/webhooks/<webhook_id>")
def delete(webhook_id: str) -> Json:
    """Remove a webhook."""
    _load(webhook_id)
    return {"count": outbox.delete_webhook(here().database, webhook_id)}


def _load(webhook_id: str) -> Json:
    found = outbox.webhook(here().database, webhook_id)
    if found is None:
        raise ApiError(404, "webhook not found", "WEBHOOK_NOT_FOUND")
    return found


def _check(hook: Json) -> None:
    event, url = hook["event"], hook["url"]
    if str(event) not in EVENTS:
        raise ApiError(400, f"Invalid event type '{event}' for webhook")
    check_webhook_url(url)
    if not isinstance(hook["headers"], dict):
        raise ApiError(400, "headers must be an object")
    hook["headers"] = {str(name): str(value) for name, value in hook["headers"].items()}
    others = [other for other in outbox.webhooks(here().database) if other["id"] != hook["id"]]
    same = [other for other in others if other["event"] == event]
    if any(other["url"] == url for other in same):
        raise ApiError(400, f"A webhook for event '{event}' and url '{url}' already exists.")
    if len(same) >= MOST_PER_EVENT:
        raise ApiError(400, f"You have reached the maximum of 5 webhooks for event '{event}'.")
