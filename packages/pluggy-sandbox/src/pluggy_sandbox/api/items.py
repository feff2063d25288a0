"""Create, read, update and delete items, answer MFA, and list the shared resources."""

import uuid
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, request

from pluggy_sandbox.api.access import find_item
from pluggy_sandbox.api.auth import json_body
from pluggy_sandbox.api.errors import ApiError, not_found
from pluggy_sandbox.api.item_checks import (
    check_item_limit,
    check_options,
    check_parameters_type,
    check_update_allowed,
)
from pluggy_sandbox.api.pagination import page_from_query
from pluggy_sandbox.api.tokens import Caller, allow_connect_token, caller
from pluggy_sandbox.clock import iso
from pluggy_sandbox.institutions import connectors, endings, logins
from pluggy_sandbox.runs import prompts
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import items, records
from pluggy_sandbox.store.items import Item

bp = Blueprint("items", __name__)
Json = dict[str, Any]


@bp.post("/items")
@allow_connect_token
def create() -> Json:
    """Create an item and start its first run. The answer is an item that is UPDATING."""
    body, requester = json_body(), caller()
    connector_id, parameters = body.get("connectorId"), body.get("parameters")
    if not connectors.exists(connector_id) or endings.has_ended(database(), connector_id):
        raise not_found("connector")
    check_options(body)
    check_parameters_type(parameters)
    check_parameters(connector_id, parameters)
    with database().write_transaction():
        check_item_limit()
        item = _new_item(connector_id, body, requester)
        store_login(item, parameters)
        if body.get("avoidDuplicates") or requester.options.get("avoidDuplicates"):
            _check_duplicates(item)
        current_sandbox().runner.open(item, requester.triggered_by)
    return item_json(item)


@bp.get("/items/<item_id>")
@allow_connect_token
def show(item_id: str) -> Json:
    """Return one item."""
    return item_json(find_item(item_id))


@bp.patch("/items/<item_id>")
@allow_connect_token
def update(item_id: str) -> Json:
    """Start a run, with the stored login or with new parameters."""
    body = json_body()
    with database().write_transaction():
        item = find_item(item_id)
        _check_can_update(item, body)
        check_options(body)
        check_parameters_type(body.get("parameters"))
        check_update_allowed(item, body)
        if body.get("parameters"):
            code = connectors.code_field(item.connector_id)
            # An update with 1-step MFA sends only the code; the other fields are stored.
            only_code = set(body["parameters"]) == {code}
            stored_fields = ("user", "password") if only_code else ()
            check_parameters(item.connector_id, body["parameters"], stored_fields=stored_fields)
            store_login(item, body["parameters"])
        item.webhook_url = body.get("webhookUrl", item.webhook_url)
        item.client_user_id = body.get("clientUserId", item.client_user_id)
        item.products = body.get("products") or item.products
        current_sandbox().runner.open(item, caller().triggered_by)
    return item_json(item)


@bp.delete("/items/<item_id>")
def delete(item_id: str) -> Json:
    """Delete an item with everything collected for it."""
    with database().write_transaction():
        item = find_item(item_id)
        items.delete(database(), item.id)
        current_sandbox().publisher.item("item/deleted", item)
    return {"count": 1}


@bp.post("/items/<item_id>/mfa")
@allow_connect_token
def mfa(item_id: str) -> Json:
    """Submit the MFA code that a run waits for."""
    body = json_body()
    with database().write_transaction():
        item = find_item(item_id)
        name = _requested_parameter(item)
        if set(body) != {name}:
            message = f"The expected MFA parameter is '{name}'"
            raise ApiError(400, message, "ITEM_MFA_PARAMETER_EXPECTED_MISMATCH")
        current_sandbox().runner.answer(item, accepted=prompts.is_correct(item, str(body[name])))
    return item_json(item)


@bp.patch("/items/<item_id>/disable-auto-sync")
def disable_auto_sync(item_id: str) -> Json:
    """Switch off the automatic sync of an item; an open run continues."""
    with database().write_transaction():
        item = find_item(item_id)
        item.auto_sync, item.next_auto_sync_at = False, None
        items.update(database(), item)
    return item_json(item)


@bp.get("/items/<item_id>/resources")
def resources(item_id: str) -> Json:
    """List the resources that the institution shares. Only Open Finance connectors have any."""
    item, status = find_item(item_id), request.args.get("status")
    shared = [] if item.consent_ended else records.for_item(database(), item.id, records.RESOURCE)
    matches = [resource for resource in shared if status in (None, resource["status"])]
    fields = ("resourceId", "type", "status")
    return page_from_query([{name: resource[name] for name in fields} for resource in matches])


def _requested_parameter(item: Item) -> str:
    """Return the name of the parameter that the item waits for, or raise 400."""
    if item.status == "WAITING_USER_INPUT" and item.parameter is not None:
        return str(item.parameter["name"])
    if item.execution_status == "LOGIN_MFA_IN_PROGRESS":
        raise ApiError(400, "The MFA parameter was already provided", "ITEM_MFA_ALREADY_PROVIDED")
    if item.execution_status == "USER_INPUT_TIMEOUT":
        raise ApiError(400, "The MFA parameter was not provided in time", "ITEM_MFA_EXPIRED")
    raise ApiError(400, "The item is not waiting for an MFA parameter", "ITEM_MFA_NOT_FOUND")


def check_parameters(connector_id: int, parameters: object, *, stored_fields: Iterable[str] = ()) -> None:
    """Raise 400 if a login field is missing or malformed. `stored_fields` are not required."""
    values = parameters if isinstance(parameters, dict) else {}
    errors = logins.parameter_errors(connector_id, values, stored_fields=stored_fields)
    if errors:
        message = "Connector parameters do not match validation rules"
        raise ApiError(400, message, "CONNECTOR_VALIDATION_ERROR", details=errors)


def store_login(item: Item, parameters: Any) -> None:
    """Store the login name and how the bank will answer. The password is never stored."""
    logins.store(item, parameters or {})


def _new_item(connector_id: int, body: Json, requester: Caller) -> Item:
    options = requester.options if requester.kind == "connect" else body
    now, today = current_sandbox().clock.now(), current_sandbox().collector.history_start()
    return Item(
        id=str(uuid.uuid4()),
        connector_id=connector_id,
        created_at=iso(now),
        updated_at=iso(now),
        client_user_id=options.get("clientUserId"),
        webhook_url=options.get("webhookUrl"),
        oauth_redirect_uri=options.get("oauthRedirectUri"),
        token_id=requester.token_id if requester.kind == "connect" else None,
        products=_products(connector_id, body.get("products") or options.get("products")),
        history_start=str(today),
    )


def _products(connector_id: int, wanted: list[str] | None) -> list[str]:
    """Return the products to collect: those that are wanted and the institution has, else all that it has."""
    offered = connectors.products(connector_id)
    return [product for product in offered if product in wanted] if wanted else offered


def _check_duplicates(item: Item) -> None:
    """Raise 400 if another item of the same user has the same login."""
    duplicates = [
        other.id
        for other in items.all_items(database())
        if other.fingerprint == item.fingerprint and other.client_user_id == item.client_user_id
    ]
    if duplicates:
        error = ApiError(
            400,
            "There are other items with the same credentials, you can't create a new one",
            "ITEM_USER_ALREADY_EXISTS",
            items=duplicates,
        )
        del error.body["code"]  # Pluggy's body has none either
        raise error


def _check_can_update(item: Item, body: Json) -> None:
    """Raise an error if a run is open, or if new parameters are needed."""
    if item.run is not None and not item.status.startswith("WAITING"):
        raise ApiError(409, "Item is already updating", "ITEM_IS_ALREADY_UPDATING")
    if item.execution_status in logins.NEEDS_PARAMETERS and not body.get("parameters"):
        message = "The last execution had a login error: send new parameters"
        raise ApiError(400, message, "LAST_EXECUTION_HAD_LOGIN_ERROR")
    _require_new_code(item, body.get("parameters") or {})


def _require_new_code(item: Item, parameters: Json) -> None:
    """Raise 400 if a connector with 1-step MFA is updated without a new code."""
    code = connectors.code_field(item.connector_id)
    if code is None or parameters.get(code):
        return
    message = f"The parameter '{code}' is required to be renewed for item update."
    detail = {"code": "001", "message": f"Parameter '{code}' is required", "parameter": code}
    description = "CONNECTOR_REQUIRED_PARAMETER_VALIDATION_ERROR"
    raise ApiError(400, message, description, details=[detail], data={"parameter": code})


def item_json(item: Item) -> Json:
    """Return the item in the format of the API."""
    open_finance = connectors.is_open_finance(item.connector_id)
    return {
        "id": item.id,
        "connector": current_sandbox().connector(item.connector_id),
        "createdAt": item.created_at,
        "updatedAt": item.updated_at,
        "status": item.status,
        "executionStatus": item.execution_status,
        "lastUpdatedAt": item.last_updated_at,
        "webhookUrl": item.webhook_url,
        "error": item.error,
        "clientUserId": item.client_user_id,
        "consecutiveFailedLoginAttempts": item.failed_logins,
        "statusDetail": item.status_detail,
        "parameter": item.parameter,
        "userAction": item.user_action,
        "nextAutoSyncAt": item.next_auto_sync_at,
        "consentExpiresAt": item.consent_expires_at,
        "products": item.products,
        "oauthRedirectUri": item.oauth_redirect_uri,
        "resourcesCollectedAt": item.last_updated_at if open_finance else None,
        "hasResourcesPendingAuthorization": item.resources_pending if open_finance else None,
    }
