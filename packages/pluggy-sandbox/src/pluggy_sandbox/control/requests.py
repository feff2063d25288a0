"""Control routes of the log of API requests: GET and DELETE /_control/requests."""

import re
from typing import Any

from flask import request

from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.control.access import control_blueprint
from pluggy_sandbox.faults.registry import check_pattern
from pluggy_sandbox.sandbox import current_sandbox

bp = control_blueprint("requests")
Json = dict[str, Any]


@bp.get("/requests")
def show() -> Json:
    """Return the latest API requests, oldest first; `method` and `path` (a regular expression) select some."""
    method, path = request.args.get("method"), request.args.get("path", "")
    try:
        check_pattern(path, "path")
    except ValueError as error:
        raise ApiError(400, str(error)) from error
    selected = [
        entry
        for entry in current_sandbox().requests.entries()
        if method in (None, entry["method"]) and re.search(path, entry["path"])
    ]
    return {"requests": selected}


@bp.delete("/requests")
def clear() -> Json:
    """Forget all requests."""
    current_sandbox().requests.clear()
    return show()
