"""GET /accounts and GET /accounts/{id}, and the closed bills of cards: GET /bills and GET /bills/{id}."""

import json
from typing import Any

from flask import Blueprint, request

from dev.sandbox.api.errors import ApiError, item_not_found, require_uuid, unauthenticated
from dev.sandbox.api.pages import page, page_of_query
from dev.sandbox.api.tokens import caller, widget_may
from dev.sandbox.pluggy import here
from dev.sandbox.store import items, ledger

bp = Blueprint("accounts", __name__)
Json = dict[str, Any]


@bp.get("/accounts")
@widget_may
def index() -> Json:
    """The accounts of an item; empty once it is deleted or its consent revoked."""
    item_id = require_uuid(request.args.get("itemId"), "itemId")
    item = items.load(here().database, item_id)
    if caller().kind == "connect" and (item is None or not caller().may_see(item)):
        raise unauthenticated()
    if item is None and not items.existed(here().database, item_id):
        raise item_not_found()
    if item is None or item.execution_status == "USER_AUTHORIZATION_REVOKED":
        return page([])
    return page(ledger.accounts(here().database, item_id, request.args.get("type")))


@bp.get("/accounts/<account_id>")
def show(account_id: str) -> Json:
    """One account."""
    row = ledger.account(here().database, account_id)
    if row is None:
        raise ApiError(404, "account not found", "ACCOUNT_NOT_FOUND")
    found: Json = json.loads(row["data"])
    return found


@bp.get("/bills")
def bills() -> Json:
    """The closed bills of a card, newest first."""
    account_id = require_uuid(request.args.get("accountId"), "accountId")
    return page_of_query([] if is_revoked(account_id) else ledger.bills(here().database, account_id))


@bp.get("/bills/<bill_id>")
def bill(bill_id: str) -> Json:
    """One closed bill."""
    found = ledger.bill(here().database, bill_id)
    if found is None:
        raise ApiError(404, "credit card bill not found", "CREDIT_CARD_BILL_NOT_FOUND")
    return found


def is_revoked(account_id: str) -> bool:
    """Whether the consent behind an account was withdrawn: then its data reads as empty."""
    account = ledger.account(here().database, account_id)
    item = items.load(here().database, account["item_id"]) if account else None
    return item is not None and item.execution_status == "USER_AUTHORIZATION_REVOKED"
