"""GET /accounts/{id}/balance: a reading at the institution, which only Open Finance connectors offer."""

import json
from typing import Any

from flask import Blueprint

from dev.sandbox.api.errors import ApiError
from dev.sandbox.clock import iso
from dev.sandbox.pluggy import here
from dev.sandbox.store import items, ledger

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
    """The balance as the bank has it now: what the account says, too."""
    row = ledger.account(here().database, account_id)
    item = items.load(here().database, row["item_id"]) if row else None
    if row is None or item is None:
        raise ApiError(404, "account not found for the given id")
    connector = here().connector(item.connector_id)
    account: Json = json.loads(row["data"])
    if not connector["isOpenFinance"]:
        raise refused("BALANCE_INVALID_REQUEST")
    if item.consent_ended:
        raise refused("BALANCE_CONSENT_ERROR")
    if connector["health"]["status"] == "OFFLINE":
        raise refused("BALANCE_CONNECTOR_UNAVAILABLE")
    if not account["bankData"]:
        raise refused("BALANCE_NOT_FOUND")
    return reading(account, iso(here().clock.now()))


def reading(account: Json, now: str) -> Json:
    """The answer for a bank account; what is blocked is the difference to the closing balance."""
    bank = account["bankData"]
    closing = bank.get("closingBalance")
    closing = account["balance"] if closing is None else closing
    return {
        "balance": account["balance"],
        "blockedBalance": max(0, round(closing - account["balance"], 2)),
        "automaticallyInvestedBalance": bank.get("automaticallyInvestedBalance"),
        "closingBalance": closing,
        "currencyCode": account["currencyCode"],
        "updateDateTime": now,
    }


def refused(code: str) -> ApiError:
    """What the institution answers instead of a balance."""
    status, message = REFUSALS[code]
    return ApiError(status, message, code)
