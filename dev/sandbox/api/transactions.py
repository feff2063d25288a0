"""Transactions: the cursor list GET /v2/transactions, the retired GET /transactions, and one by id."""

import datetime as dt
import json
from typing import Any

from flask import Blueprint, Response, request

from dev.sandbox.api.auth import json_body, refuse_unknown
from dev.sandbox.api.errors import ApiError, is_uuid, require_uuid
from dev.sandbox.api.pages import cursor, following
from dev.sandbox.api.reach import is_account_readable
from dev.sandbox.clock import iso, parse
from dev.sandbox.pluggy import here
from dev.sandbox.store import ledger, pages
from dev.sandbox.world.voice import category_name

bp = Blueprint("transactions", __name__)
Json = dict[str, Any]
PAGE = 500
NOTHING = pages.Page([], None)
KNOWN = ("accountId", "ids", "dateFrom", "dateTo", "createdAtFrom", "after")


@bp.get("/transactions")
def retired() -> Json:
    """The first version of the list, gone for applications as young as this one."""
    message = "This endpoint is deprecated, use GET /v2/transactions with cursor pagination"
    raise ApiError(410, message, "ENDPOINT_DEPRECATED")


@bp.get("/v2/transactions")
def index() -> Response:
    """A page of at most 500, newest first; `next` is the query string of the page after."""
    refuse_unknown(request.args, KNOWN)
    wanted = _wanted(require_uuid(request.args.get("accountId"), "accountId"))
    found = NOTHING
    if is_account_readable(wanted.account_id):
        found = pages.cut(here().database, wanted, PAGE)
    more = json.dumps(following(found.more)).encode()
    body = b'{"results":[%s],"next":%s}' % (b",".join(found.rows), more)
    return Response(body, mimetype="application/json")


@bp.get("/transactions/<transaction_id>")
def show(transaction_id: str) -> Json:
    """One transaction."""
    return _load(transaction_id).data


@bp.patch("/transactions/<transaction_id>")
def update(transaction_id: str) -> Json:
    """Put the transaction into another category, for good."""
    category_id = json_body().get("categoryId")
    if category_name(category_id) is None:
        raise ApiError(400, "categoryId must be the id of a category")
    if not is_uuid(transaction_id):
        text = "Transaction Id should not be null or undefined, transactionId must be a UUID"
        raise ApiError(400, text)
    with here().database.writing():
        kept = _load(transaction_id)
        data = kept.data
        data |= {"categoryId": category_id, "category": category_name(category_id)}
        data["updatedAt"] = iso(here().clock.now())
        ledger.save_transactions(here().database, [ledger.Entry(data, kept.cents, kept.told)])
    return data


def _load(transaction_id: str) -> ledger.Kept:
    kept = ledger.transaction(here().database, transaction_id)
    if kept is None or not is_account_readable(kept.account_id):
        raise ApiError(404, "Transaction not found", "TRANSACTION_NOT_FOUND")
    return kept


def _wanted(account_id: str) -> pages.Wanted:
    given = request.args
    if given.get("createdAtFrom") and given.get("dateFrom"):
        raise ApiError(400, "createdAtFrom and dateFrom are mutually exclusive")
    return pages.Wanted(
        account_id,
        ids=_ids(given["ids"]) if given.get("ids") else None,
        date_from=f"{_day('dateFrom')}T00:00:00.000Z" if given.get("dateFrom") else None,
        date_to=f"{_day('dateTo')}T23:59:59.999Z" if given.get("dateTo") else None,
        created_from=_instant(given["createdAtFrom"]) if given.get("createdAtFrom") else None,
        after=cursor(given["after"]) if given.get("after") else None,
    )


def _ids(text: str) -> list[str]:
    ids = [part for part in text.split(",") if part]
    if len(ids) > PAGE:
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
