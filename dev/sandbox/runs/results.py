"""What a finished run leaves on its item: status, error, times, per-product results and the next sync."""

import datetime as dt
from typing import Any

from dev.sandbox.bank import connectors, logins
from dev.sandbox.clock import iso
from dev.sandbox.store.items import Item

Json = dict[str, Any]
AUTO_SYNC_EVERY = dt.timedelta(hours=24)
SYNC_AGAIN_AFTER = dt.timedelta(hours=1)
SYNC_TRIES = 5  # after a failure; then the item leaves the automatic sync
DETAIL_KEYS = {  # statusDetail names products its own way
    "ACCOUNTS": "accounts",
    "CREDIT_CARDS": "creditCards",
    "TRANSACTIONS": "transactions",
    "INVESTMENTS": "investments",
    "INVESTMENTS_TRANSACTIONS": "investmentsTransactions",
    "IDENTITY": "identity",
    "PAYMENT_DATA": "paymentData",
    "LOANS": "loans",
    "ACCOUNT_STATEMENTS": "accountStatements",
}
WARNING = {"code": "001", "message": "Some of the data could not be collected", "providerMessage": None}


def requested(item: Item) -> list[str]:
    """The products a run collects: those asked for that the institution has, in their order."""
    return [one for one in connectors.products(item.connector_id) if one in item.products]


def not_collected(item: Item) -> frozenset[str]:
    """The products a run leaves as they were: not asked for, or failing."""
    wanted = set(requested(item)) - set(item.failing)
    return frozenset(set(DETAIL_KEYS) - wanted - {"ACCOUNT_STATEMENTS"})


def good_end(item: Item) -> str:
    """The final code of a run whose login went well."""
    failing = set(requested(item)) & set(item.failing)
    if failing and failing == set(requested(item)):
        return "UNEXPECTED_ERROR"
    return "PARTIAL_SUCCESS" if failing else "SUCCESS"


def settle(item: Item, code: str, *, now: dt.datetime, every: dt.timedelta = AUTO_SYNC_EVERY) -> None:
    """Put the final code, its status, error and times on the item and close its run."""
    item.status, item.execution_status = logins.status_of(code), code
    item.parameter = item.user_action = item.run = None
    item.bank_key = ""
    item.resources_pending = code == "USER_AUTHORIZATION_PENDING"
    if item.status == "UPDATED":
        _settle_well(item, code, now)
    else:
        _settle_badly(item, code, now)
    item.next_auto_sync_at = next_auto_sync(item, now, every)


def _settle_well(item: Item, code: str, now: dt.datetime) -> None:
    item.status_detail = status_detail(item, code, iso(now))
    item.error, item.failed_logins, item.sync_failures, item.ever_collected = None, 0, 0, True
    item.last_updated_at, item.consent = iso(now), "given"


def _settle_badly(item: Item, code: str, now: dt.datetime) -> None:
    item.error = logins.failure(code, said=item.said if code == item.outcome else None)
    item.status_detail = None
    item.sync_failures += 1
    item.failed_logins += code in logins.WRONG_LOGIN
    item.consent = "ended" if item.consent == "renewing" else item.consent
    if code == "USER_AUTHORIZATION_PENDING":
        item.authorization_asked_at = item.authorization_asked_at or iso(now)


def next_auto_sync(item: Item, now: dt.datetime, every: dt.timedelta) -> str | None:
    """When Pluggy comes back by itself: soon after a failure, never to those it leaves out."""
    if item.status == "LOGIN_ERROR" or not joins_auto_sync(item) or item.sync_failures > SYNC_TRIES:
        return None
    if not every:
        return None  # switched off for everybody
    return iso(now + (SYNC_AGAIN_AFTER if item.sync_failures else every))


def joins_auto_sync(item: Item) -> bool:
    """Test institutions, items that need the person and those switched off are left out."""
    if connectors.authorization(item.connector_id) and item.consent != "given":
        return False
    needs_code = connectors.asks_for_code(item.connector_id) or item.challenge in ("image", "select", "phone")
    return item.auto_sync and not needs_code and not connectors.is_sandbox(item.connector_id)


def status_detail(item: Item, code: str, now: str) -> Json | None:
    """The per-product results, given only for partial successes and warnings; null: not requested."""
    if code == "SUCCESS" and not item.warned:
        return None
    asked, detail = requested(item), {}
    for product, key in DETAIL_KEYS.items():
        detail[key] = _product_detail(item, product, key, now) if product in asked else None
    return detail


def _product_detail(item: Item, product: str, key: str, now: str) -> Json:
    if product not in item.failing:
        warnings = [WARNING] if product in item.warned else []
        return {"isUpdated": True, "lastUpdatedAt": now, "warnings": warnings}
    before = (item.status_detail or {}).get(key) or {"lastUpdatedAt": item.last_updated_at}
    return {"isUpdated": False, "lastUpdatedAt": before["lastUpdatedAt"], "warnings": [WARNING]}
