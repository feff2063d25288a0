"""GET /connectors, GET /connectors/{id} and POST /connectors/{id}/validate."""

from typing import Any

from flask import Blueprint, request

from pluggy_sandbox.api.auth import json_body
from pluggy_sandbox.api.errors import not_found
from pluggy_sandbox.api.pagination import bool_param, list_param, page
from pluggy_sandbox.api.tokens import allow_connect_token
from pluggy_sandbox.institutions import connectors, endings, logins
from pluggy_sandbox.sandbox import current_sandbox, database

bp = Blueprint("connectors", __name__)
Json = dict[str, Any]
BOOLEAN_FILTERS = (
    "isOpenFinance",
    "supportsPaymentInitiation",
    "supportsSmartTransfers",
    "supportsAutomaticPix",
)
HEALTH_DETAILS = {"connectionRateLast6Hours": 0.98, "connectionsLast6Hours": 120}


@bp.get("/connectors")
@allow_connect_token
def index() -> Json:
    """List the institutions; test institutions only with sandbox=true."""
    offered = [
        connector_id for connector_id in connectors.ids() if endings.is_offered(database(), connector_id)
    ]
    return page([connector for connector in map(_connector_json, offered) if _matches(connector)])


@bp.get("/connectors/<int:connector_id>")
@allow_connect_token
def show(connector_id: int) -> Json:
    """Return one institution."""
    if not connectors.exists(connector_id):
        raise not_found("connector")
    return _connector_json(connector_id)


@bp.post("/connectors/<int:connector_id>/validate")
@allow_connect_token
def validate(connector_id: int) -> Json:
    """Return the errors of login parameters without creating an item."""
    if not connectors.exists(connector_id):
        raise not_found("connector")
    parameters = {name: str(value) for name, value in json_body().items()}
    return {"parameters": parameters, "errors": logins.parameter_errors(connector_id, parameters)}


def _connector_json(connector_id: int) -> Json:
    """Return the connector; the query parameter `healthDetails` adds recent login statistics."""
    connector = current_sandbox().connector(connector_id)
    if bool_param("healthDetails"):
        is_online = connector["health"]["status"] == "ONLINE"
        details = HEALTH_DETAILS if is_online else dict.fromkeys(HEALTH_DETAILS, 0)
        connector = connector | {"health": connector["health"] | {"details": details}}
    return connector


def _matches(connector: Json) -> bool:
    return (
        (not connector["isSandbox"] or bool(bool_param("sandbox")))
        and request.args.get("name", "").casefold() in connector["name"].casefold()
        and connector["country"] in (list_param("countries") or [connector["country"]])
        and connector["type"] in (list_param("types") or [connector["type"]])
        and all(bool_param(name) in (None, connector[name]) for name in BOOLEAN_FILTERS)
    )
