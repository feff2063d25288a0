"""GET /identity (one object, no page) and GET /identity/{id}."""

from typing import Any

from flask import Blueprint

from pluggy_sandbox.api.access import is_readable, item_from_query
from pluggy_sandbox.api.errors import not_found, require_uuid
from pluggy_sandbox.sandbox import database
from pluggy_sandbox.store import records

bp = Blueprint("identity", __name__)
Json = dict[str, Any]


@bp.get("/identity")
def for_item() -> Json:
    """Return the identity collected for an item."""
    item = item_from_query()
    identities = records.for_item(database(), item.id, records.IDENTITY) if item else []
    if not identities:
        raise not_found("identity")
    return identities[0]


@bp.get("/identity/<identity_id>")
def show(identity_id: str) -> Json:
    """Return one identity."""
    require_uuid(identity_id, "id")
    record = records.get(database(), identity_id, records.IDENTITY)
    if record is None or not is_readable(record[0]):
        raise not_found("identity")
    return record[1]
