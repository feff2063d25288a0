"""GET /consents and GET /consents/{id}. A consent stays readable after it has ended."""

from typing import Any

from flask import Blueprint, request

from pluggy_sandbox.api.access import find_item
from pluggy_sandbox.api.errors import ApiError, require_uuid
from pluggy_sandbox.api.pagination import page
from pluggy_sandbox.sandbox import database
from pluggy_sandbox.store import items, records
from pluggy_sandbox.store.items import Item

bp = Blueprint("consents", __name__)
Json = dict[str, Any]


@bp.get("/consents")
def index() -> Json:
    """List the consents of an item in one page.

    The list is empty without Open Finance and for a deleted item.
    """
    item_id = require_uuid(request.args.get("itemId"), "itemId")
    if items.was_deleted(database(), item_id):
        return page([])
    item = find_item(item_id)
    return page(
        [_consent_json(item, consent) for consent in records.for_item(database(), item.id, records.CONSENT)]
    )


@bp.get("/consents/<consent_id>")
def show(consent_id: str) -> Json:
    """Return one consent."""
    record = records.get(database(), consent_id, records.CONSENT)
    item = items.load(database(), record[0]) if record else None
    if record is None or item is None:
        raise ApiError(404, "Consent not found", "CONSENT_NOT_FOUND")
    return _consent_json(item, record[1])


def _consent_json(item: Item, consent: Json) -> Json:
    """Return the consent; if the user withdrew it, `revokedAt` is when the item noticed."""
    if not item.consent_ended or consent.get("revokedAt"):
        return consent
    return consent | {"revokedAt": item.updated_at}
