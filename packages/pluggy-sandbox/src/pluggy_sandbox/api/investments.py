"""GET /investments, GET /investments/{id} and GET /investments/{id}/transactions."""

from typing import Any

from flask import Blueprint

from pluggy_sandbox.api.access import is_readable, item_from_query
from pluggy_sandbox.api.errors import not_found, require_uuid
from pluggy_sandbox.api.pagination import choice_param, page_from_query
from pluggy_sandbox.sandbox import database
from pluggy_sandbox.store import records

bp = Blueprint("investments", __name__)
Json = dict[str, Any]
INVESTMENT_TYPES = ("COE", "EQUITY", "ETF", "FIXED_INCOME", "MUTUAL_FUND", "SECURITY", "OTHER")


@bp.get("/investments")
def index() -> Json:
    """List the investments of an item, optionally of one type."""
    item, investment_type = item_from_query(), choice_param("type", INVESTMENT_TYPES)
    investments = records.for_item(database(), item.id, records.INVESTMENT) if item else []
    return page_from_query(
        [investment for investment in investments if investment_type in (None, investment["type"])]
    )


@bp.get("/investments/<investment_id>")
def show(investment_id: str) -> Json:
    """Return one investment."""
    return _load(investment_id)


@bp.get("/investments/<investment_id>/transactions")
def transactions(investment_id: str) -> Json:
    """List the transactions of an investment in the order that the institution gives."""
    require_uuid(investment_id, "id")
    record = records.get(database(), investment_id, records.INVESTMENT)
    if record is None or not is_readable(record[0]):
        return page_from_query([])
    return page_from_query(records.for_parent(database(), investment_id, records.INVESTMENT_TRANSACTION))


def _load(investment_id: str) -> Json:
    record = records.get(database(), investment_id, records.INVESTMENT)
    if record is None or not is_readable(record[0]):
        raise not_found("investment")
    return record[1]
