"""GET /v2/transactions (by cursor), the retired GET /transactions, and one transaction by id."""

import datetime as dt
import json
from typing import Any

from flask import Blueprint, Response, request

from pluggy_sandbox.api.access import is_account_readable
from pluggy_sandbox.api.auth import json_body, reject_unknown
from pluggy_sandbox.api.errors import ApiError, require_uuid
from pluggy_sandbox.api.pagination import cursor, next_query
from pluggy_sandbox.clock import iso, parse
from pluggy_sandbox.ids import is_uuid
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import categorization, ledger, transaction_pages
from pluggy_sandbox.world.categories import category_name

bp = Blueprint("transactions", __name__)
Json = dict[str, Any]
PAGE_SIZE = 500
EMPTY_PAGE = transaction_pages.TransactionPage([], None)
ALLOWED_PARAMS = ("accountId", "ids", "dateFrom", "dateTo", "createdAtFrom", "after")


@bp.get("/transactions")
def retired() -> Json:
    """Answer 410: the first version of the list is closed to new applications."""
    message = "This endpoint is deprecated, use GET /v2/transactions with cursor pagination"
    raise ApiError(410, message, "ENDPOINT_DEPRECATED")


@bp.get("/v2/transactions")
def index() -> Response:
    """List at most 500 transactions, newest first; `next` is the query string of the next page."""
    reject_unknown(request.args, ALLOWED_PARAMS)
    query = _page_query(require_uuid(request.args.get("accountId"), "accountId"))
    page = EMPTY_PAGE
    if is_account_readable(query.account_id):
        page = transaction_pages.fetch_page(database(), query, PAGE_SIZE)
    if not categorization.is_on(database()):
        page = transaction_pages.TransactionPage(
            [categorization.without_category(body) for body in page.transactions], page.next_cursor
        )
    next_page = json.dumps(next_query(page.next_cursor)).encode()
    body = b'{"results":[%s],"next":%s}' % (b",".join(page.transactions), next_page)
    return Response(body, mimetype="application/json")


@bp.get("/transactions/<transaction_id>")
def show(transaction_id: str) -> Json:
    """Return one transaction."""
    data = _load(transaction_id).data
    return data if categorization.is_on(database()) else data | {"category": None, "categoryId": None}


@bp.patch("/transactions/<transaction_id>")
def update(transaction_id: str) -> Json:
    """Change the category of a transaction."""
    category_id = json_body().get("categoryId")
    if category_name(category_id) is None:
        raise ApiError(400, "categoryId must be the id of a category")
    if not is_uuid(transaction_id):
        text = "Transaction Id should not be null or undefined, transactionId must be a UUID"
        raise ApiError(400, text)
    with database().write_transaction():
        stored = _load(transaction_id)
        data = stored.data
        data |= {"categoryId": category_id, "category": category_name(category_id)}
        data["updatedAt"] = iso(current_sandbox().clock.now())
        ledger.save_transactions(database(), [ledger.LedgerEntry(data, stored.cents, stored.generated)])
    return data


def _load(transaction_id: str) -> ledger.StoredEntry:
    stored = ledger.transaction(database(), transaction_id)
    if stored is None or not is_account_readable(stored.account_id):
        raise ApiError(404, "Transaction not found", "TRANSACTION_NOT_FOUND")
    return stored


def _page_query(account_id: str) -> transaction_pages.PageQuery:
    params = request.args
    if params.get("createdAtFrom") and params.get("dateFrom"):
        raise ApiError(400, "createdAtFrom and dateFrom are mutually exclusive")
    return transaction_pages.PageQuery(
        account_id,
        ids=_ids(params["ids"]) if params.get("ids") else None,
        date_from=f"{_day('dateFrom')}T00:00:00.000Z" if params.get("dateFrom") else None,
        date_to=f"{_day('dateTo')}T23:59:59.999Z" if params.get("dateTo") else None,
        created_from=_instant(params["createdAtFrom"]) if params.get("createdAtFrom") else None,
        after=cursor(params["after"]) if params.get("after") else None,
    )


def _ids(text: str) -> list[str]:
    ids = [transaction_id for transaction_id in text.split(",") if transaction_id]
    if len(ids) > PAGE_SIZE:
        message = "The ids parameter cannot have more than 500 transaction ids"
        raise ApiError(400, message, "IDS_PARAMETER_EXCEEDS_MAX_LENGTH")
    if not all(map(is_uuid, ids)):
        raise ApiError(400, "each value in ids must be a UUID")
    return ids


def _day(name: str) -> str:
    text = request.args[name][:10]
    try:
        return str(dt.date.fromisoformat(text))
    except ValueError:
        raise ApiError(400, f"{name} must be a valid ISO 8601 date string") from None


def _instant(text: str) -> str:
    try:
        return iso(parse(text.replace(" ", "+")))
    except (ValueError, OverflowError):
        raise ApiError(400, "createdAtFrom must be a valid ISO 8601 date string") from None
