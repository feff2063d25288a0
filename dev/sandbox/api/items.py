"""Items: making, reading, updating and deleting them, the second step of a login, and what they declare."""

import uuid
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, request

from dev.sandbox.api.auth import json_body
from dev.sandbox.api.errors import ApiError, not_found
from dev.sandbox.api.item_rules import check_options, refuse_creation, refuse_encrypted, refuse_update
from dev.sandbox.api.pages import page_of_query
from dev.sandbox.api.reach import reach
from dev.sandbox.api.tokens import Caller, caller, widget_may
from dev.sandbox.bank import connectors, logins
from dev.sandbox.clock import iso
from dev.sandbox.pluggy import here
from dev.sandbox.runs import asking
from dev.sandbox.store import items, records
from dev.sandbox.store.items import Item

bp = Blueprint("items", __name__)
Json = dict[str, Any]


@bp.post("/items")
@widget_may
def create() -> Json:
    """Connect: answers at once with an item that is UPDATING."""
    body, asker = json_body(), caller()
    connector_id, parameters = body.get("connectorId"), body.get("parameters")
    if type(connector_id) is not int or not connectors.exists(connector_id):
        raise not_found("connector")
    check_options(body)
    refuse_encrypted(parameters)
    check_parameters(connector_id, parameters)
    with here().database.writing():
        refuse_creation()
        item = _new_item(connector_id, body, asker)
        take_parameters(item, parameters)
        if body.get("avoidDuplicates") or asker.options.get("avoidDuplicates"):
            _refuse_duplicates(item)
        here().runner.open(item, asker.triggered_by)
    return item_json(item)


@bp.get("/items/<item_id>")
@widget_may
def show(item_id: str) -> Json:
    """One item."""
    return item_json(reach(item_id))


@bp.patch("/items/<item_id>")
@widget_may
def update(item_id: str) -> Json:
    """Collect again, with the stored login or a new one."""
    body = json_body()
    with here().database.writing():
        item = reach(item_id)
        _refuse_untimely(item, body)
        check_options(body)
        refuse_encrypted(body.get("parameters"))
        refuse_update(item, body)
        if body.get("parameters"):
            code = connectors.code_field(item.connector_id)
            only_code = set(body["parameters"]) == {code}  # a 1-step update: the rest is stored
            kept = ("user", "password") if only_code else ()
            check_parameters(item.connector_id, body["parameters"], kept=kept)
            take_parameters(item, body["parameters"])
        item.webhook_url = body.get("webhookUrl", item.webhook_url)
        item.client_user_id = body.get("clientUserId", item.client_user_id)
        item.products = body.get("products") or item.products
        here().runner.open(item, caller().triggered_by)
    return item_json(item)


@bp.delete("/items/<item_id>")
def delete(item_id: str) -> Json:
    """Disconnect: everything collected is gone at once."""
    with here().database.writing():
        item = reach(item_id)
        items.delete(here().database, item.id)
        here().announcer.item("item/deleted", item)
    return {"count": 1}


@bp.post("/items/<item_id>/mfa")
@widget_may
def mfa(item_id: str) -> Json:
    """Answer the second step of a login."""
    body = json_body()
    with here().database.writing():
        item = reach(item_id)
        name = _asked(item)
        if set(body) != {name}:
            message = f"The expected MFA parameter is '{name}'"
            raise ApiError(400, message, "ITEM_MFA_PARAMETER_EXPECTED_MISMATCH")
        here().runner.answer(item, accepted=asking.is_right(item, str(body[name])))
    return item_json(item)


@bp.patch("/items/<item_id>/disable-auto-sync")
def disable_auto_sync(item_id: str) -> Json:
    """Never come back by itself; the run that is open, if any, goes on."""
    with here().database.writing():
        item = reach(item_id)
        item.auto_sync, item.next_auto_sync_at = False, None
        items.keep(here().database, item)
    return item_json(item)


@bp.get("/items/<item_id>/resources")
def resources(item_id: str) -> Json:
    """What the institution has declared to share; only Open Finance declares anything."""
    item, status = reach(item_id), request.args.get("status")
    found = [] if item.consent_ended else records.of_item(here().database, item.id, records.RESOURCE)
    shown = ("resourceId", "type", "status")
    return page_of_query(
        [{name: one[name] for name in shown} for one in found if status in (None, one["status"])]
    )


def _asked(item: Item) -> str:
    """The name of the parameter that an item waits for."""
    if item.status == "WAITING_USER_INPUT" and item.parameter is not None:
        return str(item.parameter["name"])
    if item.execution_status == "LOGIN_MFA_IN_PROGRESS":
        raise ApiError(400, "The MFA parameter was already provided", "ITEM_MFA_ALREADY_PROVIDED")
    if item.execution_status == "USER_INPUT_TIMEOUT":
        raise ApiError(400, "The MFA parameter was not provided in time", "ITEM_MFA_EXPIRED")
    raise ApiError(400, "The item is not waiting for an MFA parameter", "ITEM_MFA_NOT_FOUND")


def check_parameters(connector_id: int, parameters: object, *, kept: Iterable[str] = ()) -> None:
    """400 unless the login's fields are there and well-formed; `kept` names those already stored."""
    given = parameters if isinstance(parameters, dict) else {}
    mistakes = logins.mistakes(connector_id, given, kept=kept)
    if mistakes:
        message = "Connector parameters do not match validation rules"
        raise ApiError(400, message, "CONNECTOR_VALIDATION_ERROR", details=mistakes)


def take_parameters(item: Item, parameters: Any) -> None:
    """Keep what the bank will answer, and never the password."""
    logins.take(item, parameters or {})


def _new_item(connector_id: int, body: Json, asker: Caller) -> Item:
    options = asker.options if asker.kind == "connect" else body
    now, today = here().clock.now(), here().collector.opened_on()
    return Item(
        id=str(uuid.uuid4()),
        connector_id=connector_id,
        created_at=iso(now),
        updated_at=iso(now),
        client_user_id=options.get("clientUserId"),
        webhook_url=options.get("webhookUrl"),
        oauth_redirect_uri=options.get("oauthRedirectUri"),
        token_id=asker.token_id if asker.kind == "connect" else None,
        products=body.get("products") or options.get("products") or connectors.products(connector_id),
        opened_on=str(today),
    )


def _refuse_duplicates(item: Item) -> None:
    same = [
        other.id
        for other in items.everyone(here().database)
        if other.fingerprint == item.fingerprint and other.client_user_id == item.client_user_id
    ]
    if same:
        problem = ApiError(
            400,
            "There are other items with the same credentials, you can't create a new one",
            "ITEM_USER_ALREADY_EXISTS",
            items=same,
        )
        del problem.body["code"]  # the real body has none
        raise problem


def _refuse_untimely(item: Item, body: Json) -> None:
    if item.run is not None and not item.status.startswith("WAITING"):
        raise ApiError(409, "Item is already updating", "ITEM_IS_ALREADY_UPDATING")
    if item.execution_status in logins.NEEDS_PARAMETERS and not body.get("parameters"):
        message = "The last execution had a login error: send new parameters"
        raise ApiError(400, message, "LAST_EXECUTION_HAD_LOGIN_ERROR")
    _require_new_code(item, body.get("parameters") or {})


def _require_new_code(item: Item, parameters: Json) -> None:
    """1-step MFA: the code goes with every update."""
    code = connectors.code_field(item.connector_id)
    if code is None or parameters.get(code):
        return
    message = f"The parameter '{code}' is required to be renewed for item update."
    detail = {"code": "001", "message": f"Parameter '{code}' is required", "parameter": code}
    description = "CONNECTOR_REQUIRED_PARAMETER_VALIDATION_ERROR"
    raise ApiError(400, message, description, details=[detail], data={"parameter": code})


def item_json(item: Item) -> Json:
    """The item as the API gives it."""
    open_finance = connectors.is_open_finance(item.connector_id)
    return {
        "id": item.id,
        "connector": here().connector(item.connector_id),
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
