"""GET /accounts and GET /accounts/{id}, and the closed bills of cards: GET /bills and GET /bills/{id}."""

import json
from typing import Any

from flask import Blueprint, request

from dev.sandbox.api.errors import ApiError, not_found, require_uuid
from dev.sandbox.api.pages import one_of, page, page_of_query
from dev.sandbox.api.reach import is_account_readable, item_of_query
from dev.sandbox.api.tokens import widget_may
from dev.sandbox.pluggy import here
from dev.sandbox.store import ledger

bp = Blueprint("accounts", __name__)
Json = dict[str, Any]
TYPES = ("BANK", "CREDIT")


@bp.get("/accounts")
@widget_may
def index() -> Json:
    """The accounts of an item, in one page."""
    item, wanted = item_of_query(), one_of("type", TYPES)
    return page(ledger.accounts(here().database, item.id, wanted) if item else [])


@bp.get("/accounts/<account_id>")
def show(account_id: str) -> Json:
    """One account."""
    return readable(account_id)


@bp.get("/bills")
def bills() -> Json:
    """The closed bills of a card, newest first."""
    account_id = require_uuid(request.args.get("accountId"), "accountId")
    return page_of_query(ledger.bills(here().database, account_id) if is_account_readable(account_id) else [])


@bp.get("/bills/<bill_id>")
def bill(bill_id: str) -> Json:
    """One closed bill."""
    found = ledger.bill(here().database, bill_id)
    if found is None or not is_account_readable(found.get("accountId", "")):
        raise ApiError(404, "Bill not found", "CREDIT_CARD_BILL_NOT_FOUND")
    return found


def readable(account_id: str) -> Json:
    """The account, or 404 when there is none that may be read."""
    row = ledger.account(here().database, account_id)
    if row is None or not is_account_readable(account_id):
        raise not_found("account")
    found: Json = json.loads(row["data"])
    return found
