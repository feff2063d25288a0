"""When an item may not be made or updated now: limits, back-offs and malformed requests."""

import datetime as dt
from typing import Any

from dev.sandbox.api.errors import ApiError
from dev.sandbox.api.urls import check_redirect, check_webhook_url
from dev.sandbox.bank import connectors
from dev.sandbox.clock import iso, parse
from dev.sandbox.pluggy import here
from dev.sandbox.store import items
from dev.sandbox.store.items import Item

Json = dict[str, Any]
PRODUCTS = (
    "ACCOUNTS", "CREDIT_CARDS", "TRANSACTIONS", "PAYMENT_DATA", "INVESTMENTS", "INVESTMENTS_TRANSACTIONS",
    "IDENTITY", "BROKERAGE_NOTE", "MOVE_SECURITY", "LOANS", "ACCOUNT_STATEMENTS",
)  # fmt: skip
LOGIN_FAILURES, BACK_OFF_SECONDS = 2, 15 * 60.0
FAILED_RUNS = 5


def check_options(options: Json) -> None:
    """400 for malformed options of an item or of a connect token."""
    user = options.get("clientUserId")
    if user is not None and not (isinstance(user, str) and len(user) <= 255):
        raise ApiError(400, "clientUserId must be a string of at most 255 characters")
    if options.get("avoidDuplicates") not in (None, True, False):
        raise ApiError(400, "avoidDuplicates must be a boolean value")
    products = options.get("products")
    if products is not None and (not isinstance(products, list) or set(map(str, products)) - set(PRODUCTS)):
        known = ", ".join(PRODUCTS)
        raise ApiError(400, f"each value in products must be one of the following values: {known}")
    if options.get("webhookUrl"):
        check_webhook_url(options["webhookUrl"])
    if options.get("oauthRedirectUri"):
        check_redirect(options["oauthRedirectUri"])


def refuse_creation() -> None:
    """409 when the application has as many items as it may."""
    most = here().settings.item_limit
    if items.count(here().database) >= most:
        message = f"Client exceeded item creation limit ({most} items) for the current subscription level."
        raise ApiError(409, message, "ITEM_CREATION_LIMIT_EXCEEDED", data={"itemsLimit": most})


def refuse_encrypted(parameters: object) -> None:
    """400 for what is no object in the place of parameters; a text would have to be decrypted."""
    if isinstance(parameters, str):
        message = "Encrypted parameters are not supported by the local Pluggy: send them as an object"
        raise ApiError(400, message, "CONNECTOR_VALIDATION_ERROR", details=[])
    if not isinstance(parameters, dict | None):
        raise ApiError(400, "parameters must be an object", "CONNECTOR_VALIDATION_ERROR", details=[])


def refuse_update(item: Item, body: Json) -> None:
    """400 or 409 when the item has failed too often, waits after wrong logins, or was just updated."""
    if item.sync_failures > FAILED_RUNS:
        message = "There has been more than 5 failing syncronizations, please contact support"
        raise ApiError(400, message, "TOO_MANY_CONSECUTIVE_ERRORS")
    if item.failed_logins >= LOGIN_FAILURES and not item.run:
        _back_off(item)
    if body.get("parameters") == {} and connectors.credentials(item.connector_id):
        raise ApiError(400, "The parameters were not provided", "PARAMETERS_NOT_PROVIDED")
    if not body.get("parameters"):
        _refuse_early(item)


def _back_off(item: Item) -> None:
    seconds = here().settings.scaled(BACK_OFF_SECONDS)
    again = parse(item.updated_at) + dt.timedelta(seconds=seconds)
    if here().clock.now() >= again:
        return
    data: Json = {
        "readableBackoffTime": f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.1f} seconds",
        "maxConsecutiveFailedLoginAttempts": LOGIN_FAILURES,
        "lastExecutionEndedAt": item.updated_at,
        "canRetryAfterDate": iso(again),
    }
    message = (
        "must wait at least {readableBackoffTime} after {maxConsecutiveFailedLoginAttempts} consecutive login"
        " errors, last attempt was at {lastExecutionEndedAt} (can retry after: {canRetryAfterDate})"
    ).format(**data)
    raise ApiError(400, message, "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES", data=data)


def _refuse_early(item: Item) -> None:
    hours = here().settings.update_floor_hours
    if not hours or item.status != "UPDATED" or item.last_updated_at is None:
        return
    if here().clock.now() < parse(item.last_updated_at) + dt.timedelta(hours=hours):
        message = (
            f"Client updates on this item are allowed at most every {hours:g} hours."
            f" Last update was at {item.last_updated_at}"
        )
        data = {"minUpdateFrequencyAllowedInHours": hours, "lastUpdatedAt": item.last_updated_at}
        raise ApiError(409, message, "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY", data=data)
