"""The holder of an item: GET /identity (one object, no page) and GET /identity/{id}."""

from typing import Any

from flask import Blueprint

from dev.sandbox.api.errors import not_found, require_uuid
from dev.sandbox.api.reach import is_readable, item_of_query
from dev.sandbox.pluggy import here
from dev.sandbox.store import records

bp = Blueprint("identity", __name__)
Json = dict[str, Any]


@bp.get("/identity")
def of_item() -> Json:
    """The identity collected for an item."""
    item = item_of_query()
    found = records.of_item(here().database, item.id, records.IDENTITY) if item else []
    if not found:
        raise not_found("identity")
    return found[0]


@bp.get("/identity/<identity_id>")
def show(identity_id: str) -> Json:
    """One identity."""
    require_uuid(identity_id, "id")
    found = records.one(here().database, identity_id, records.IDENTITY)
    if found is None or not is_readable(found[0]):
        raise not_found("identity")
    return found[1]
