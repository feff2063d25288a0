"""The result of a finished run on its item: status, error, times, results by product and next sync."""

import datetime as dt
from typing import Any

from pluggy_sandbox.clock import iso
from pluggy_sandbox.institutions import connectors, logins
from pluggy_sandbox.store.items import Item

Json = dict[str, Any]
AUTO_SYNC_INTERVAL = dt.timedelta(hours=24)
RETRY_AFTER = dt.timedelta(hours=1)
MAX_SYNC_FAILURES = 5  # after more failures the item has no automatic sync
DETAIL_KEYS = {  # product → name in statusDetail
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
    """Return the products that a run collects, in the order of the institution."""
    return [product for product in connectors.products(item.connector_id) if product in item.products]


def not_collected(item: Item) -> frozenset[str]:
    """Return the products that a run leaves unchanged: not requested, or failing."""
    collected = set(requested(item)) - set(item.failing_products)
    return frozenset(set(DETAIL_KEYS) - collected - {"ACCOUNT_STATEMENTS"})


def success_code(item: Item) -> str:
    """Return the final code of a run whose login succeeded."""
    failing = set(requested(item)) & set(item.failing_products)
    if failing and failing == set(requested(item)):
        return "UNEXPECTED_ERROR"
    return "PARTIAL_SUCCESS" if failing else "SUCCESS"


def close_run(
    item: Item, code: str, *, now: dt.datetime, interval: dt.timedelta = AUTO_SYNC_INTERVAL
) -> None:
    """Set the final code, its status, error and times on the item, and close its run."""
    item.status, item.execution_status = logins.status_of(code), code
    item.parameter = item.user_action = item.run = None
    item.authorization_key = ""
    item.resources_pending = code == "USER_AUTHORIZATION_PENDING"
    if item.status == "UPDATED":
        _record_success(item, code, now)
    else:
        _record_failure(item, code, now)
    item.next_auto_sync_at = next_auto_sync(item, now, interval)


def _record_success(item: Item, code: str, now: dt.datetime) -> None:
    item.status_detail = status_detail(item, code, iso(now))
    item.error, item.failed_logins, item.sync_failures, item.ever_collected = None, 0, 0, True
    item.last_updated_at, item.consent, item.renewal_needs_login = iso(now), "given", False


def _record_failure(item: Item, code: str, now: dt.datetime) -> None:
    message = item.provider_message if code == item.outcome else None
    item.error = logins.failure(code, provider_message=message)
    item.status_detail = None
    item.sync_failures += 1
    item.failed_logins += code in logins.WRONG_LOGIN
    item.consent = "ended" if item.consent == "renewing" else item.consent
    if code == "USER_AUTHORIZATION_PENDING":
        item.authorization_asked_at = item.authorization_asked_at or iso(now)


def next_auto_sync(item: Item, now: dt.datetime, interval: dt.timedelta) -> str | None:
    """Return when the next automatic sync is due. It is soon after a failure, and never for some items."""
    if item.status == "LOGIN_ERROR" or not is_auto_synced(item) or item.sync_failures > MAX_SYNC_FAILURES:
        return None
    if not interval:
        return None  # switched off for all items
    return iso(now + (RETRY_AFTER if item.sync_failures else interval))


def is_auto_synced(item: Item) -> bool:
    """Return whether the item has automatic syncs.

    Test institutions, items that need the user, and those of MeuPluggy have none.
    """
    if connectors.authorization(item.connector_id) and item.consent != "given":
        return False
    if not connectors.can_update(item.connector_id):
        return False
    needs_code = connectors.asks_for_code(item.connector_id) or item.challenge in ("image", "select", "phone")
    return item.auto_sync and not needs_code and not connectors.is_sandbox(item.connector_id)


def status_detail(item: Item, code: str, now: str) -> Json | None:
    """Return the results by product, only for partial successes and warnings; null means not requested."""
    if code == "SUCCESS" and not item.products_with_warnings:
        return None
    requested_products, detail = requested(item), {}
    for product, key in DETAIL_KEYS.items():
        detail[key] = _product_detail(item, product, key, now) if product in requested_products else None
    return detail


def _product_detail(item: Item, product: str, key: str, now: str) -> Json:
    if product not in item.failing_products:
        warnings = [WARNING] if product in item.products_with_warnings else []
        return {"isUpdated": True, "lastUpdatedAt": now, "warnings": warnings}
    previous = (item.status_detail or {}).get(key) or {"lastUpdatedAt": item.last_updated_at}
    return {"isUpdated": False, "lastUpdatedAt": previous["lastUpdatedAt"], "warnings": [WARNING]}
