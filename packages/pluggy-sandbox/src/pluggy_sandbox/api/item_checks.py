"""Checks before an item is created or updated: limits, waiting times and malformed requests."""

import datetime as dt
from typing import Any

from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.api.url_checks import check_redirect, check_webhook_url
from pluggy_sandbox.clock import iso, parse
from pluggy_sandbox.institutions import connectors
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import items, key_values
from pluggy_sandbox.store.items import Item

Json = dict[str, Any]
PRODUCTS = (
    "ACCOUNTS", "CREDIT_CARDS", "TRANSACTIONS", "PAYMENT_DATA", "INVESTMENTS", "INVESTMENTS_TRANSACTIONS",
    "IDENTITY", "BROKERAGE_NOTE", "MOVE_SECURITY", "LOANS", "ACCOUNT_STATEMENTS",
)  # fmt: skip
MAX_LOGIN_FAILURES, BACK_OFF_SECONDS = 2, 15 * 60.0
MAX_FAILED_RUNS = 5
UPDATE_FLOOR = "update-floor"  # hours


def check_options(options: Json) -> None:
    """Raise 400 for malformed options of an item or of a connect token."""
    client_user_id = options.get("clientUserId")
    if client_user_id is not None and not (isinstance(client_user_id, str) and len(client_user_id) <= 255):
        raise ApiError(400, "clientUserId must be a string of at most 255 characters")
    if options.get("avoidDuplicates") not in (None, True, False):
        raise ApiError(400, "avoidDuplicates must be a boolean value")
    products = options.get("products")
    if products is not None and (not isinstance(products, list) or set(map(str, products)) - set(PRODUCTS)):
        allowed = ", ".join(PRODUCTS)
        raise ApiError(400, f"each value in products must be one of the following values: {allowed}")
    if options.get("webhookUrl"):
        check_webhook_url(options["webhookUrl"])
    if options.get("oauthRedirectUri"):
        check_redirect(options["oauthRedirectUri"])


def check_item_limit() -> None:
    """Raise 409 if the application already has as many items as it may have."""
    limit = current_sandbox().settings.item_limit
    if items.count(database()) >= limit:
        message = f"Client exceeded item creation limit ({limit} items) for the current subscription level."
        raise ApiError(409, message, "ITEM_CREATION_LIMIT_EXCEEDED", data={"itemsLimit": limit})


def check_parameters_type(parameters: object) -> None:
    """Raise 400 unless the parameters are an object.

    Pluggy also accepts an encrypted text; the sandbox does not.
    """
    if isinstance(parameters, str):
        message = "Encrypted parameters are not supported by the local Pluggy: send them as an object"
        raise ApiError(400, message, "CONNECTOR_VALIDATION_ERROR", details=[])
    if not isinstance(parameters, dict | None):
        raise ApiError(400, "parameters must be an object", "CONNECTOR_VALIDATION_ERROR", details=[])


def check_update_allowed(item: Item, body: Json) -> None:
    """Raise 400 or 409 if an update is not possible.

    That is always so for MeuPluggy, and after too many failures, during a waiting time, or right after another
    update.
    """
    if not connectors.can_update(item.connector_id):
        error = ApiError(400, "MeuPluggy item cant be updated")
        del error.body["code"]  # Pluggy's body has none either
        raise error
    if item.sync_failures > MAX_FAILED_RUNS:
        message = "There has been more than 5 failing syncronizations, please contact support"
        raise ApiError(400, message, "TOO_MANY_CONSECUTIVE_ERRORS")
    if item.failed_logins >= MAX_LOGIN_FAILURES and not item.run:
        _check_login_back_off(item)
    if body.get("parameters") == {} and connectors.credentials(item.connector_id):
        raise ApiError(400, "The parameters were not provided", "PARAMETERS_NOT_PROVIDED")
    if not body.get("parameters"):
        _check_update_frequency(item)


def update_floor_hours() -> float:
    """Return the hours that must pass between two updates: those set while running, else those of the flag."""
    changed = key_values.get(database(), UPDATE_FLOOR)
    return float(changed) if changed else current_sandbox().settings.update_floor_hours


def _check_login_back_off(item: Item) -> None:
    """Raise 400 during the waiting time that follows repeated wrong logins."""
    seconds = current_sandbox().settings.scaled(BACK_OFF_SECONDS)
    retry_at = parse(item.updated_at) + dt.timedelta(seconds=seconds)
    if current_sandbox().clock.now() >= retry_at:
        return
    data: Json = {
        "readableBackoffTime": f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.1f} seconds",
        "maxConsecutiveFailedLoginAttempts": MAX_LOGIN_FAILURES,
        "lastExecutionEndedAt": item.updated_at,
        "canRetryAfterDate": iso(retry_at),
    }
    message = (
        "must wait at least {readableBackoffTime} after {maxConsecutiveFailedLoginAttempts} consecutive login"
        " errors, last attempt was at {lastExecutionEndedAt} (can retry after: {canRetryAfterDate})"
    ).format(**data)
    raise ApiError(400, message, "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES", data=data)


def _check_update_frequency(item: Item) -> None:
    """Raise 409 if the last update is more recent than --update-floor-hours."""
    hours = update_floor_hours()
    if not hours or item.status != "UPDATED" or item.last_updated_at is None:
        return
    if current_sandbox().clock.now() < parse(item.last_updated_at) + dt.timedelta(hours=hours):
        message = (
            f"Client updates on this item are allowed at most every {hours:g} hours."
            f" Last update was at {item.last_updated_at}"
        )
        data = {"minUpdateFrequencyAllowedInHours": hours, "lastUpdatedAt": item.last_updated_at}
        raise ApiError(409, message, "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY", data=data)
