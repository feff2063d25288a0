"""Consents: GET /consents and GET /consents/{id}; they stay readable after their end, which they tell."""

from typing import Any

from flask import Blueprint, request

from dev.sandbox.api.errors import ApiError, require_uuid
from dev.sandbox.api.pages import page
from dev.sandbox.api.reach import reach
from dev.sandbox.pluggy import here
from dev.sandbox.store import items, records
from dev.sandbox.store.items import Item

bp = Blueprint("consents", __name__)
Json = dict[str, Any]


@bp.get("/consents")
def index() -> Json:
    """The consents of an item, in one page; empty where there is no Open Finance, and once it is deleted."""
    item_id = require_uuid(request.args.get("itemId"), "itemId")
    if items.existed(here().database, item_id):
        return page([])
    item = reach(item_id)
    return page([_told(item, one) for one in records.of_item(here().database, item.id, records.CONSENT)])


@bp.get("/consents/<consent_id>")
def show(consent_id: str) -> Json:
    """One consent."""
    found = records.one(here().database, consent_id, records.CONSENT)
    item = items.load(here().database, found[0]) if found else None
    if found is None or item is None:
        raise ApiError(404, "Consent not found", "CONSENT_NOT_FOUND")
    return _told(item, found[1])


def _told(item: Item, consent: Json) -> Json:
    """A consent that the person has withdrawn says when the item learnt of it."""
    if not item.consent_ended or consent.get("revokedAt"):
        return consent
    return consent | {"revokedAt": item.updated_at}
