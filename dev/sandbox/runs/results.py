"""What a finished run leaves on its item."""

import datetime as dt
from typing import Any

from dev.sandbox.bank import connectors, logins
from dev.sandbox.clock import iso
from dev.sandbox.store.items import Item

Json = dict[str, Any]
AUTO_SYNC_EVERY = dt.timedelta(hours=24)
DETAIL_KEYS = ("accounts", "creditCards", "transactions", "paymentData")
OTHER_KEYS = ("investments", "investmentsTransactions", "identity", "loans", "accountStatements")


def settle(item: Item, code: str, *, now: dt.datetime, detailed: bool = False) -> None:
    """Put the final code, its status, error and times on the item and close its run."""
    item.status, item.execution_status = logins.status_of(code), code
    item.parameter = item.user_action = item.run = None
    if item.status == "UPDATED":
        item.error, item.failed_logins, item.sync_failures, item.ever_collected = None, 0, 0, True
        item.last_updated_at = iso(now)
        return
    item.error = logins.failure(code, detailed=detailed)
    item.sync_failures += 1
    if item.status == "LOGIN_ERROR":
        item.failed_logins += 1
        item.next_auto_sync_at = None


def next_auto_sync(item: Item, now: dt.datetime) -> str | None:
    """When Pluggy would come back by itself: never to test institutions nor to those that ask for a code."""
    left_out = connectors.is_sandbox(item.connector_id) or connectors.asks_for_code(item.connector_id)
    if left_out or not item.auto_sync:
        return None
    return iso(now + AUTO_SYNC_EVERY)


def status_detail(outcome: str, now: str) -> Json | None:
    """The per-product results, given only for partial successes and warnings."""
    if outcome == "SUCCESS":
        return None
    detail: Json = dict.fromkeys(OTHER_KEYS)
    for key in DETAIL_KEYS:
        detail[key] = {"isUpdated": True, "lastUpdatedAt": now, "warnings": []}
    warning = {"code": "001", "message": "Some of the data could not be collected", "providerMessage": None}
    if outcome == "PARTIAL_SUCCESS":
        detail["creditCards"] = {"isUpdated": False, "lastUpdatedAt": None, "warnings": [warning]}
    else:
        detail["accounts"]["warnings"] = [warning]
    return detail
