"""GET and POST /categories/rules, and DELETE /categories/rules/{id}."""

import uuid
from typing import Any

from flask import Blueprint

from pluggy_sandbox.api.auth import json_body
from pluggy_sandbox.api.errors import ApiError, not_found, require_uuid
from pluggy_sandbox.api.pagination import page
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import category_rules
from pluggy_sandbox.world.categories import category_name

bp = Blueprint("rules", __name__)
Json = dict[str, Any]
CHOICES = {
    "transactionType": ("DEBIT", "CREDIT"),
    "accountType": ("CHECKING_ACCOUNT", "CREDIT_CARD"),
    "matchType": tuple(category_rules.MATCH_FUNCTIONS),
}


@bp.get("/categories/rules")
def index() -> Json:
    """List all rules in one page."""
    return page(category_rules.all_rules(database()))


@bp.post("/categories/rules")
def create() -> Json:
    """Add a rule for transactions collected from now on.

    Without a match type the whole description must match.
    """
    body = json_body()
    _check(body)
    if category_name(body["categoryId"]) is None:
        raise not_found("category")
    rule = {
        "id": str(uuid.uuid4()),
        "description": body["description"],
        "categoryId": body["categoryId"],
        "category": category_name(body["categoryId"]),
        "clientId": current_sandbox().settings.client_id,
        "transactionType": body.get("transactionType"),
        "accountType": body.get("accountType"),
        "matchType": body.get("matchType") or "exact",
    }
    category_rules.add(database(), rule)
    return rule


@bp.delete("/categories/rules/<rule_id>")
def delete(rule_id: str) -> tuple[str, int]:
    """Delete a rule of this application."""
    require_uuid(rule_id, "id")
    client_ids = {rule["id"]: rule["clientId"] for rule in category_rules.all_rules(database())}
    if rule_id not in client_ids:
        raise ApiError(404, "Category rule not found", "CATEGORY_RULE_NOT_FOUND")
    if client_ids[rule_id] != current_sandbox().settings.client_id:
        message = "You do not have permission to delete this category rule"
        raise ApiError(403, message, "CATEGORY_RULE_FORBIDDEN")
    category_rules.delete(database(), rule_id)
    return "", 204


def _check(body: Json) -> None:
    """Raise 400 with the messages of Pluggy's validator."""
    for name in ("description", "categoryId"):
        if not isinstance(body.get(name), str):
            raise ApiError(400, f"{name} must be a string")
    for name, choices in CHOICES.items():
        if body.get(name) is not None and body[name] not in choices:
            raise ApiError(400, f"{name} must be one of the following values: {', '.join(choices)}")
