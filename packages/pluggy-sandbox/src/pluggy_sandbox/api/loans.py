"""GET /loans and GET /loans/{id}."""

from typing import Any

from flask import Blueprint

from pluggy_sandbox.api.access import is_readable, item_from_query
from pluggy_sandbox.api.errors import not_found
from pluggy_sandbox.api.pagination import page
from pluggy_sandbox.sandbox import database
from pluggy_sandbox.store import records

bp = Blueprint("loans", __name__)
Json = dict[str, Any]


@bp.get("/loans")
def index() -> Json:
    """List the loans of an item in one page."""
    item = item_from_query()
    return page(records.for_item(database(), item.id, records.LOAN) if item else [])


@bp.get("/loans/<loan_id>")
def show(loan_id: str) -> Json:
    """Return one loan."""
    record = records.get(database(), loan_id, records.LOAN)
    if record is None or not is_readable(record[0]):
        raise not_found("loan")
    return record[1]
