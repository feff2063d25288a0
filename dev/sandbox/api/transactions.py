"""Transactions: the cursor list GET /v2/transactions, the retired GET /transactions, and one by id."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from dev.sandbox.api.accounts import is_revoked
from dev.sandbox.api.auth import json_body
from dev.sandbox.api.errors import ApiError, is_uuid, require_uuid
from dev.sandbox.clock import iso, parse
from dev.sandbox.pluggy import here
from dev.sandbox.store import ledger
from dev.sandbox.world.voice import category_name

bp = Blueprint("transactions", __name__)
Json = dict[str, Any]
PAGE = 500
KNOWN = ("accountId", "ids", "dateFrom", "dateTo", "createdAtFrom", "after")


@bp.get("/transactions")
def retired() -> Json:
    """The first version of the list, gone for applications as young as this one."""
    message = "This endpoint is deprecated, use GET /v2/transactions with cursor pagination"
    raise ApiError(410, message, "ENDPOINT_DEPRECATED")


@bp.get("/v2/transactions")
def index() -> Response:
    """A page of at most 500, newest first; `next` is the query string of the page after."""
    for name in request.args:
        if name not in KNOWN:
            raise ApiError(400, f"property {name} should not exist")
    account_id = require_uuid(request.args.get("accountId"), "accountId")
    search = _search(account_id)
    rows = [] if is_revoked(account_id) else here().database.rows(*search.sql())
    more = _next(rows[PAGE - 1]) if len(rows) > PAGE else None
    results = ",".join(row["data"] for row in rows[:PAGE])
    body = f'{{"results":[{results}],"next":{json.dumps(more)}}}'
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
    with here().database.writing():
        kept = _load(transaction_id)
        data = kept.data
        data |= {"categoryId": category_id, "category": category_name(category_id)}
        data["updatedAt"] = iso(here().clock.now())
        ledger.save_transactions(here().database, [ledger.Entry(data, kept.cents, kept.told)])
    return data


def _load(transaction_id: str) -> ledger.Kept:
    kept = ledger.transaction(here().database, transaction_id)
    if kept is None:
        raise ApiError(404, "Transaction not found", "TRANSACTION_NOT_FOUND")
    return kept


@dataclass
class _Search:
    """The WHERE of a page, grown piece by piece."""

    where: list[str]
    values: list[Any]

    def add(self, condition: str, *values: Any) -> None:
        self.where.append(condition)
        self.values += values

    def sql(self) -> tuple[Any, ...]:
        """The query for one row more than a page, with its values."""
        where = " AND ".join(self.where)
        order = f"ORDER BY date DESC, id DESC LIMIT {PAGE + 1}"
        return (f"SELECT id, date, data FROM transactions WHERE {where} {order}", *self.values)


def _search(account_id: str) -> _Search:
    given = request.args
    if given.get("createdAtFrom") and given.get("dateFrom"):
        raise ApiError(400, "createdAtFrom and dateFrom are mutually exclusive")
    search = _Search(["account_id = ?"], [account_id])
    if given.get("ids"):
        ids = _ids(given["ids"])
        search.add(f"id IN ({','.join('?' * len(ids))})", *ids)
    if given.get("dateFrom"):
        search.add("date >= ?", f"{_day(given['dateFrom'], 'dateFrom')}T00:00:00.000Z")
    if given.get("dateTo"):
        search.add("date <= ?", f"{_day(given['dateTo'], 'dateTo')}T23:59:59.999Z")
    if given.get("createdAtFrom"):
        search.add("created_at >= ?", _instant(given["createdAtFrom"]))
    if given.get("after"):
        search.add("(date, id) < (?, ?)", *_cursor(given["after"]))
    return search


def _next(last: Any) -> str:
    after = base64.b64encode(f"{last['date']}|{last['id']}".encode()).decode()
    kept = {name: value for name, value in request.args.items() if name != "after"}
    return "?" + urlencode(kept | {"after": after}, safe=":,")


def _cursor(text: str) -> tuple[str, str]:
    try:
        date, _, transaction_id = base64.b64decode(text, validate=True).decode().partition("|")
        parse(date)
    except (binascii.Error, ValueError):
        raise ApiError(400, "Invalid cursor") from None
    if not is_uuid(transaction_id):
        raise ApiError(400, "Invalid cursor")
    return date, transaction_id


def _ids(text: str) -> list[str]:
    ids = [part for part in text.split(",") if part]
    if len(ids) > PAGE:
        message = "The ids parameter cannot have more than 500 transaction ids"
        raise ApiError(400, message, "IDS_PARAMETER_EXCEEDS_MAX_LENGTH")
    if not all(map(is_uuid, ids)):
        raise ApiError(400, "each value in ids must be a UUID")
    return ids


def _day(text: str, name: str) -> str:
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        raise ApiError(400, f"{name} must be a valid ISO 8601 date string")
    return text[:10]


def _instant(text: str) -> str:
    try:
        return iso(parse(text.replace(" ", "+")))
    except ValueError:
        raise ApiError(400, "createdAtFrom must be a valid ISO 8601 date string") from None
