"""Connectors: GET /connectors, GET /connectors/{id} and POST /connectors/{id}/validate."""

from typing import Any

from flask import Blueprint, request

from dev.sandbox.api.auth import json_body
from dev.sandbox.api.errors import not_found
from dev.sandbox.api.pages import listed, page, truth
from dev.sandbox.api.tokens import widget_may
from dev.sandbox.bank import connectors, logins
from dev.sandbox.pluggy import here

bp = Blueprint("connectors", __name__)
Json = dict[str, Any]
EITHER_WAY = ("isOpenFinance", "supportsPaymentInitiation", "supportsSmartTransfers", "supportsAutomaticPix")
CALM = {"connectionRateLast6Hours": 0.98, "connectionsLast6Hours": 120}


@bp.get("/connectors")
@widget_may
def index() -> Json:
    """The institutions on offer; test institutions only with sandbox=true."""
    return page([found for found in map(_told, connectors.ids()) if _wanted(found)])


@bp.get("/connectors/<int:connector_id>")
@widget_may
def show(connector_id: int) -> Json:
    """One institution."""
    if not connectors.exists(connector_id):
        raise not_found("connector")
    return _told(connector_id)


@bp.post("/connectors/<int:connector_id>/validate")
@widget_may
def validate(connector_id: int) -> Json:
    """What is wrong with a login before an item is made of it; nothing is sent to the institution."""
    if not connectors.exists(connector_id):
        raise not_found("connector")
    given = {name: str(value) for name, value in json_body().items()}
    return {"parameters": given, "errors": logins.mistakes(connector_id, given)}


def _told(connector_id: int) -> Json:
    """The connector; `healthDetails` adds how many logins have worked of late."""
    found = here().connector(connector_id)
    if truth("healthDetails"):
        details = CALM if found["health"]["status"] == "ONLINE" else dict.fromkeys(CALM, 0)
        found = found | {"health": found["health"] | {"details": details}}
    return found


def _wanted(connector: Json) -> bool:
    return (
        (not connector["isSandbox"] or bool(truth("sandbox")))
        and request.args.get("name", "").casefold() in connector["name"].casefold()
        and connector["country"] in (listed("countries") or [connector["country"]])
        and connector["type"] in (listed("types") or [connector["type"]])
        and all(truth(name) in (None, connector[name]) for name in EITHER_WAY)
    )
