"""Control routes of the categories: GET and POST /_control/categorization."""

from typing import Any

from pluggy_sandbox.api.auth import json_body, reject_unknown
from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.control.access import control_blueprint
from pluggy_sandbox.sandbox import database
from pluggy_sandbox.store import categorization

bp = control_blueprint("categorization")
Json = dict[str, Any]


@bp.get("/categorization")
def show() -> Json:
    """Return whether transactions have categories."""
    return {"on": categorization.is_on(database())}


@bp.post("/categorization")
def switch() -> Json:
    """End the trial of the categories (`on` false): they become null for every transaction. `on` undoes it."""
    body = json_body()
    reject_unknown(body, ("on",))
    if not isinstance(body.get("on", True), bool):
        raise ApiError(400, "on must be true or false")
    categorization.switch(database(), on=body.get("on", True))
    return show()
