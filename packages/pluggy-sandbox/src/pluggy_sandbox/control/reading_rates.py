"""Control routes of the rates of Open Finance: GET and POST /_control/open-finance-rates."""

from typing import Any

from pluggy_sandbox.api.auth import json_body, reject_unknown
from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.control.access import control_blueprint
from pluggy_sandbox.runs import reading_rates
from pluggy_sandbox.sandbox import database

bp = control_blueprint("reading_rates")
Json = dict[str, Any]


@bp.get("/open-finance-rates")
def show() -> Json:
    """Return whether Open Finance institutions read at the rates of Open Finance."""
    return {"on": reading_rates.is_on(database())}


@bp.post("/open-finance-rates")
def switch() -> Json:
    """Switch the rates on or off (`on`); the `readAt` of an item's truth says when what was read."""
    body = json_body()
    reject_unknown(body, ("on",))
    if not isinstance(body.get("on", True), bool):
        raise ApiError(400, "on must be true or false")
    reading_rates.switch(database(), on=body.get("on", True))
    return show()
