"""GET /connectors and GET /connectors/{id}."""

from typing import Any

from flask import Blueprint, request

from dev.sandbox.api.errors import ApiError
from dev.sandbox.api.pages import listed, page, truth
from dev.sandbox.api.tokens import widget_may
from dev.sandbox.bank import connectors
from dev.sandbox.pluggy import here

bp = Blueprint("connectors", __name__)
Json = dict[str, Any]


@bp.get("/connectors")
@widget_may
def index() -> Json:
    """The institutions on offer; test institutions only with sandbox=true."""
    everything = [here().connector(number) for number in connectors.ids()]
    return page([connector for connector in everything if _wanted(connector)])


@bp.get("/connectors/<int:connector_id>")
@widget_may
def show(connector_id: int) -> Json:
    """One institution."""
    if not connectors.exists(connector_id):
        raise ApiError(404, "connector not found", "CONNECTOR_NOT_FOUND")
    return here().connector(connector_id)


def _wanted(connector: Json) -> bool:
    name, open_finance = request.args.get("name", ""), truth("isOpenFinance")
    return (
        (not connector["isSandbox"] or bool(truth("sandbox")))
        and name.lower() in connector["name"].lower()
        and connector["country"] in (listed("countries") or [connector["country"]])
        and connector["type"] in (listed("types") or [connector["type"]])
        and open_finance in (None, connector["isOpenFinance"])
        and not truth("supportsPaymentInitiation")
        and not truth("supportsSmartTransfers")
        and not truth("supportsAutomaticPix")
    )
