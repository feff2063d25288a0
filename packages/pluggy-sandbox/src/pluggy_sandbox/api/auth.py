"""POST /auth and POST /connect_token, and helpers to read a JSON body."""

import json
from collections.abc import Container, Iterable
from typing import Any

from flask import Blueprint, request

from pluggy_sandbox.api import tokens
from pluggy_sandbox.api.errors import ApiError, item_not_found
from pluggy_sandbox.api.item_checks import check_options
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import items

bp = Blueprint("auth", __name__)
CONNECT_TOKEN_OPTIONS = {
    "clientUserId",
    "webhookUrl",
    "oauthRedirectUri",
    "avoidDuplicates",
    "products",
    "connectorSortAlphabetically",
}


@bp.post("/auth")
@tokens.public
def auth() -> dict[str, Any]:
    """Return an API key for the application's id and secret."""
    body, settings = json_body(), current_sandbox().settings
    keys = f"{body.get('clientId')}/{body.get('clientSecret')}"
    if not tokens.is_equal_secret(keys, f"{settings.client_id}/{settings.client_secret}"):
        raise ApiError(401, "Client keys are invalid", "CLIENT_KEYS_UNAUTHORIZED")
    return {"apiKey": tokens.sign("api", tokens.API_KEY_SECONDS)}


@bp.post("/connect_token")
def connect_token() -> dict[str, Any]:
    """Return a token for the widget. A token with an itemId may update that item."""
    body = json_body()
    reject_unknown(body, {"itemId", "options"})
    options = body.get("options") or {}
    if not isinstance(options, dict):
        raise ApiError(400, "options must be an object")
    reject_unknown(options, CONNECT_TOKEN_OPTIONS)
    check_options(options)
    if body.get("itemId") and items.load(database(), str(body["itemId"])) is None:
        raise item_not_found()
    claims = {"clientUserId": options.get("clientUserId"), "itemId": body.get("itemId"), "options": options}
    return {"accessToken": tokens.sign("connect", tokens.CONNECT_TOKEN_SECONDS, **claims)}


def json_body() -> dict[str, Any]:
    """Return the JSON object of the request; an empty body counts as an empty object."""
    try:
        body = json.loads(request.data or b"{}")
        # Rejects half of a surrogate pair and 1e400.
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ApiError(400, "The body must be a JSON object")
    return body


def require_types(body: dict[str, Any], expected_type: type, *names: str) -> None:
    """Raise 400 if a property has the wrong type; null counts as absent."""
    for name in names:
        if not isinstance(body.get(name), expected_type | None):
            raise ApiError(400, f"{name} must be {'an object' if expected_type is dict else 'a string'}")


def reject_unknown(keys: Iterable[str], allowed: Container[str]) -> None:
    """Raise 400 for a property that Pluggy does not know."""
    for name in keys:
        if name not in allowed:
            raise ApiError(400, f"property {name} should not exist")
