"""Control routes of the rate limits: GET, POST and DELETE /_control/limits."""

from typing import Any

from flask import Blueprint

from pluggy_sandbox.api.auth import json_body, reject_unknown
from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.control.access import loopback_only
from pluggy_sandbox.sandbox import current_sandbox

bp = Blueprint("control_rate_limits", __name__, url_prefix="/_control")
bp.before_request(loopback_only)
Json = dict[str, Any]
NAMES = {"perMinute": "per_minute", "patchPerMinute": "patch_per_minute", "seconds": "seconds"}


@bp.get("/limits")
def show() -> Json:
    """Return whether rate limits are on, and their values."""
    limits = current_sandbox().limits
    return {"on": limits.enabled} | {key: getattr(limits, name) for key, name in NAMES.items()}


@bp.post("/limits")
def switch_on() -> Json:
    """Switch the limits on; `seconds` is the length of a window."""
    body = json_body()
    reject_unknown(body, NAMES)
    if not all(isinstance(value, int | float) and value > 0 for value in body.values()):
        raise ApiError(400, "limits must be positive numbers")
    current_sandbox().limits.configure(True, **{NAMES[name]: value for name, value in body.items()})
    return show()


@bp.delete("/limits")
def switch_off() -> Json:
    """Switch the limits off."""
    current_sandbox().limits.configure(False)
    return show()
