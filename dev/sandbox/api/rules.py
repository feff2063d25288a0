"""Category rules of the application: GET, POST /categories/rules and DELETE /categories/rules/{id}."""

import uuid
from typing import Any

from flask import Blueprint

from dev.sandbox.api.auth import json_body
from dev.sandbox.api.errors import ApiError, not_found, require_uuid
from dev.sandbox.api.pages import page
from dev.sandbox.pluggy import here
from dev.sandbox.store import rules
from dev.sandbox.world.voice import category_name

bp = Blueprint("rules", __name__)
Json = dict[str, Any]
CHOICES = {
    "transactionType": ("DEBIT", "CREDIT"),
    "accountType": ("CHECKING_ACCOUNT", "CREDIT_CARD"),
    "matchType": tuple(rules.MATCHES),
}


@bp.get("/categories/rules")
def index() -> Json:
    """All rules, in one page."""
    return page(rules.everything(here().database))


@bp.post("/categories/rules")
def create() -> Json:
    """A rule for transactions collected from now on; without a match type it is the whole description."""
    body = json_body()
    _check(body)
    if category_name(body["categoryId"]) is None:
        raise not_found("category")
    rule = {
        "id": str(uuid.uuid4()),
        "description": body["description"],
        "categoryId": body["categoryId"],
        "category": category_name(body["categoryId"]),
        "clientId": here().settings.client_id,
        "transactionType": body.get("transactionType"),
        "accountType": body.get("accountType"),
        "matchType": body.get("matchType") or "exact",
    }
    rules.add(here().database, rule)
    return rule


@bp.delete("/categories/rules/<rule_id>")
def delete(rule_id: str) -> tuple[str, int]:
    """Remove a rule of this application."""
    require_uuid(rule_id, "id")
    mine = {rule["id"]: rule["clientId"] for rule in rules.everything(here().database)}
    if rule_id not in mine:
        raise ApiError(404, "Category rule not found", "CATEGORY_RULE_NOT_FOUND")
    if mine[rule_id] != here().settings.client_id:
        message = "You do not have permission to delete this category rule"
        raise ApiError(403, message, "CATEGORY_RULE_FORBIDDEN")
    rules.delete(here().database, rule_id)
    return "", 204


def _check(body: Json) -> None:
    """400 in the words of Pluggy's validator."""
    for name in ("description", "categoryId"):
        if not isinstance(body.get(name), str):
            raise ApiError(400, f"{name} must be a string")
    for name, known in CHOICES.items():
        if body.get(name) is not None and body[name] not in known:
            raise ApiError(400, f"{name} must be one of the following values: {', '.join(known)}")
