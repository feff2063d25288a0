"""Loans: GET /loans and GET /loans/{id}."""

from typing import Any

from flask import Blueprint

from dev.sandbox.api.errors import not_found
from dev.sandbox.api.pages import page
from dev.sandbox.api.reach import is_readable, item_of_query
from dev.sandbox.pluggy import here
from dev.sandbox.store import records

bp = Blueprint("loans", __name__)
Json = dict[str, Any]


@bp.get("/loans")
def index() -> Json:
    """The loans of an item, in one page."""
    item = item_of_query()
    return page(records.of_item(here().database, item.id, records.LOAN) if item else [])


@bp.get("/loans/<loan_id>")
def show(loan_id: str) -> Json:
    """One loan."""
    found = records.one(here().database, loan_id, records.LOAN)
    if found is None or not is_readable(found[0]):
        raise not_found("loan")
    return found[1]
