"""POST /auth and POST /connect_token."""

import json
from collections.abc import Container, Iterable
from typing import Any

from flask import Blueprint, request

from dev.sandbox.api import tokens
from dev.sandbox.api.errors import ApiError, item_not_found
from dev.sandbox.api.item_rules import check_options
from dev.sandbox.pluggy import here
from dev.sandbox.store import items

bp = Blueprint("auth", __name__)
OPTIONS = {
    "clientUserId",
    "webhookUrl",
    "oauthRedirectUri",
    "avoidDuplicates",
    "products",
    "connectorSortAlphabetically",
}


@bp.post("/auth")
@tokens.anyone_may
def auth() -> dict[str, Any]:
    """An API key for the application's id and secret."""
    body, settings = json_body(), here().settings
    given = f"{body.get('clientId')}/{body.get('clientSecret')}"
    if not tokens.is_same(given, f"{settings.client_id}/{settings.client_secret}"):
        raise ApiError(401, "Client keys are invalid", "CLIENT_KEYS_UNAUTHORIZED")
    return {"apiKey": tokens.make("api", tokens.API_KEY_LIVES)}


@bp.post("/connect_token")
def connect_token() -> dict[str, Any]:
    """A token for one opening of the widget; with itemId it may update that item."""
    body = json_body()
    refuse_unknown(body, {"itemId", "options"})
    options = body.get("options") or {}
    if not isinstance(options, dict):
        raise ApiError(400, "options must be an object")
    refuse_unknown(options, OPTIONS)
    check_options(options)
    if body.get("itemId") and items.load(here().database, str(body["itemId"])) is None:
        raise item_not_found()
    claims = {"clientUserId": options.get("clientUserId"), "itemId": body.get("itemId"), "options": options}
    return {"accessToken": tokens.make("connect", tokens.CONNECT_TOKEN_LIVES, **claims)}


def json_body() -> dict[str, Any]:
    """The request's JSON object; nothing counts as an empty one."""
    try:
        body = json.loads(request.data or b"{}")
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()  # half a character, 1e400
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ApiError(400, "The body must be a JSON object")
    return body


def require_kinds(body: dict[str, Any], kind: type, *names: str) -> None:
    """400 for a property of another kind; null counts as absent."""
    for name in names:
        if not isinstance(body.get(name), kind | None):
            raise ApiError(400, f"{name} must be {'an object' if kind is dict else 'a string'}")


def refuse_unknown(given: Iterable[str], known: Container[str]) -> None:
    """400 for a property Pluggy does not know."""
    for name in given:
        if name not in known:
            raise ApiError(400, f"property {name} should not exist")
