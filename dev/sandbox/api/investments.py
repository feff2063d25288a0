"""Investments: GET /investments, GET /investments/{id} and GET /investments/{id}/transactions."""

from typing import Any

from flask import Blueprint

from dev.sandbox.api.errors import not_found, require_uuid
from dev.sandbox.api.pages import one_of, page_of_query
from dev.sandbox.api.reach import is_readable, item_of_query
from dev.sandbox.pluggy import here
from dev.sandbox.store import records

bp = Blueprint("investments", __name__)
Json = dict[str, Any]
TYPES = ("COE", "EQUITY", "ETF", "FIXED_INCOME", "MUTUAL_FUND", "SECURITY", "OTHER")


@bp.get("/investments")
def index() -> Json:
    """The investments of an item, of one type if asked."""
    item, wanted = item_of_query(), one_of("type", TYPES)
    found = records.of_item(here().database, item.id, records.INVESTMENT) if item else []
    return page_of_query([one for one in found if wanted in (None, one["type"])])


@bp.get("/investments/<investment_id>")
def show(investment_id: str) -> Json:
    """One investment."""
    return _load(investment_id)


@bp.get("/investments/<investment_id>/transactions")
def transactions(investment_id: str) -> Json:
    """What was bought, sold and paid, in the order in which the institution tells it."""
    require_uuid(investment_id, "id")
    found = records.one(here().database, investment_id, records.INVESTMENT)
    if found is None or not is_readable(found[0]):
        return page_of_query([])
    return page_of_query(records.of_parent(here().database, investment_id, records.INVESTMENT_TRANSACTION))


def _load(investment_id: str) -> Json:
    found = records.one(here().database, investment_id, records.INVESTMENT)
    if found is None or not is_readable(found[0]):
        raise not_found("investment")
    return found[1]
