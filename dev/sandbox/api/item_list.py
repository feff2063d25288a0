"""GET /v2/items, which Pluggy opens only on contract (--list-items), and GET /items, which nobody has."""

from typing import Any

from flask import Blueprint, request

from dev.sandbox.api.auth import refuse_unknown
from dev.sandbox.api.errors import ApiError
from dev.sandbox.api.items import item_json
from dev.sandbox.api.pages import cursor, following
from dev.sandbox.pluggy import here
from dev.sandbox.store import items
from dev.sandbox.store.items import Item

bp = Blueprint("item_list", __name__)
Json = dict[str, Any]
PAGE = 100  # not documented
KNOWN = ("clientUserId", "connectorId", "after")


@bp.get("/items")
def absent() -> Json:
    """An application has to keep the ids of its items."""
    raise ApiError(401, "Unauthorized")


@bp.get("/v2/items")
def index() -> Json:
    """The application's items, newest first."""
    if not here().settings.list_items:
        raise ApiError(403, "Listing items is not enabled for this application", "ITEMS_LIST_NOT_ENABLED")
    refuse_unknown(request.args, KNOWN)
    after = cursor(request.args["after"]) if request.args.get("after") else None
    found = [one for one in _wanted() if after is None or (one.created_at, one.id) < after]
    last = found[PAGE - 1] if len(found) > PAGE else None
    more = following((last.created_at, last.id) if last else None)
    return {"results": [item_json(one) for one in found[:PAGE]], "next": more}


def _wanted() -> list[Item]:
    user, connector = request.args.get("clientUserId"), request.args.get("connectorId")
    if user is not None and len(user) > 255:
        raise ApiError(400, "clientUserId must be shorter than or equal to 255 characters")
    if connector is not None and not connector.isdecimal():
        raise ApiError(400, "connectorId must be an integer number")
    found = [
        one
        for one in items.everyone(here().database)
        if user in (None, one.client_user_id) and connector in (None, str(one.connector_id))
    ]
    return sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)
