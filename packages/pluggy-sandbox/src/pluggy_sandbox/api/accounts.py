"""GET /accounts, GET /accounts/{id}, GET /bills and GET /bills/{id}."""

import json
from typing import Any

from flask import Blueprint, request

from pluggy_sandbox.api.access import is_account_readable, item_from_query
from pluggy_sandbox.api.errors import ApiError, not_found, require_uuid
from pluggy_sandbox.api.pagination import choice_param, page, page_from_query
from pluggy_sandbox.api.tokens import allow_connect_token
from pluggy_sandbox.sandbox import database
from pluggy_sandbox.store import ledger

bp = Blueprint("accounts", __name__)
Json = dict[str, Any]
ACCOUNT_TYPES = ("BANK", "CREDIT")


@bp.get("/accounts")
@allow_connect_token
def index() -> Json:
    """List the accounts of an item in one page."""
    item, account_type = item_from_query(), choice_param("type", ACCOUNT_TYPES)
    return page(ledger.accounts(database(), item.id, account_type) if item else [])


@bp.get("/accounts/<account_id>")
def show(account_id: str) -> Json:
    """Return one account."""
    return find_readable_account(account_id)


@bp.get("/bills")
def bills() -> Json:
    """List the closed bills of a card, newest first."""
    account_id = require_uuid(request.args.get("accountId"), "accountId")
    return page_from_query(ledger.bills(database(), account_id) if is_account_readable(account_id) else [])


@bp.get("/bills/<bill_id>")
def bill(bill_id: str) -> Json:
    """Return one closed bill."""
    bill_data = ledger.bill(database(), bill_id)
    if bill_data is None or not is_account_readable(bill_data.get("accountId", "")):
        raise ApiError(404, "Bill not found", "CREDIT_CARD_BILL_NOT_FOUND")
    return bill_data


def find_readable_account(account_id: str) -> Json:
    """Return the account, or raise 404 if it does not exist or may not be read."""
    row = ledger.account(database(), account_id)
    if row is None or not is_account_readable(account_id):
        raise not_found("account")
    account: Json = json.loads(row["data"])
    return account
