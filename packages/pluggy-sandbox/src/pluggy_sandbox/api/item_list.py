"""GET /v2/items, which Pluggy opens only by contract (--list-items), and GET /items, which never works."""

from typing import Any

from flask import Blueprint, request

from pluggy_sandbox.api.auth import reject_unknown
from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.api.items import item_json
from pluggy_sandbox.api.pagination import cursor, next_query
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import items
from pluggy_sandbox.store.items import Item

bp = Blueprint("item_list", __name__)
Json = dict[str, Any]
PAGE_SIZE = 100  # Pluggy does not document it
ALLOWED_PARAMS = ("clientUserId", "connectorId", "after")


@bp.get("/items")
def absent() -> Json:
    """Refuse the request: an application has to store the ids of its items."""
    raise ApiError(401, "Unauthorized")


@bp.get("/v2/items")
def index() -> Json:
    """List the items of the application, newest first."""
    if not current_sandbox().settings.list_items:
        raise ApiError(403, "Listing items is not enabled for this application", "ITEMS_LIST_NOT_ENABLED")
    reject_unknown(request.args, ALLOWED_PARAMS)
    after = cursor(request.args["after"]) if request.args.get("after") else None
    matches = [item for item in _matching_items() if after is None or (item.created_at, item.id) < after]
    last = matches[PAGE_SIZE - 1] if len(matches) > PAGE_SIZE else None
    next_page = next_query((last.created_at, last.id) if last else None)
    return {"results": [item_json(item) for item in matches[:PAGE_SIZE]], "next": next_page}


def _matching_items() -> list[Item]:
    client_user_id, connector_id = request.args.get("clientUserId"), request.args.get("connectorId")
    if client_user_id is not None and len(client_user_id) > 255:
        raise ApiError(400, "clientUserId must be shorter than or equal to 255 characters")
    if connector_id is not None and not connector_id.isdecimal():
        raise ApiError(400, "connectorId must be an integer number")
    matches = [
        item
        for item in items.all_items(database())
        if client_user_id in (None, item.client_user_id) and connector_id in (None, str(item.connector_id))
    ]
    return sorted(matches, key=lambda item: (item.created_at, item.id), reverse=True)
