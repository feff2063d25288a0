"""GET /accounts/{id}/balance: the balance read from the institution.

Only Open Finance connectors offer it.
"""

import json
from typing import Any

from flask import Blueprint

from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.clock import iso
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import items, ledger

bp = Blueprint("balances", __name__)
Json = dict[str, Any]
REFUSALS = {
    "BALANCE_INVALID_REQUEST": (
        400,
        "The balance request was rejected as invalid by the financial institution.",
    ),
    "BALANCE_CONSENT_ERROR": (
        403,
        "The financial institution denied access to the account balance."
        " The consent may be expired or missing the required permission.",
    ),
    "BALANCE_NOT_FOUND": (404, "The account balance was not found at the financial institution."),
    "BALANCE_CONNECTOR_UNAVAILABLE": (
        502,
        "The financial institution is temporarily unavailable to provide the balance."
        " Please try again later.",
    ),
}


@bp.get("/accounts/<account_id>/balance")
def show(account_id: str) -> Json:
    """Return the current balance of the account."""
    account_row = ledger.account(database(), account_id)
    item = items.load(database(), account_row["item_id"]) if account_row else None
    if account_row is None or item is None:
        raise ApiError(404, "account not found for the given id")
    connector = current_sandbox().connector(item.connector_id)
    account: Json = json.loads(account_row["data"])
    if not connector["isOpenFinance"]:
        raise refusal_error("BALANCE_INVALID_REQUEST")
    if item.consent_ended:
        raise refusal_error("BALANCE_CONSENT_ERROR")
    if connector["health"]["status"] == "OFFLINE":
        raise refusal_error("BALANCE_CONNECTOR_UNAVAILABLE")
    if not account["bankData"]:
        raise refusal_error("BALANCE_NOT_FOUND")
    return balance_json(account, iso(current_sandbox().clock.now()))


def balance_json(account: Json, now: str) -> Json:
    """Build the answer for a bank account. The blocked balance is the closing balance minus the balance."""
    bank_data = account["bankData"]
    closing = bank_data.get("closingBalance")
    closing = account["balance"] if closing is None else closing
    return {
        "balance": account["balance"],
        "blockedBalance": max(0, round(closing - account["balance"], 2)),
        "automaticallyInvestedBalance": bank_data.get("automaticallyInvestedBalance"),
        "closingBalance": closing,
        "currencyCode": account["currencyCode"],
        "updateDateTime": now,
    }


def refusal_error(code: str) -> ApiError:
    """Return the error that the institution gives instead of a balance."""
    status, message = REFUSALS[code]
    return ApiError(status, message, code)
