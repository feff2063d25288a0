"""Control of the rate limits: GET, POST and DELETE /_control/limits."""

from typing import Any

from flask import Blueprint

from dev.sandbox.api.auth import json_body, refuse_unknown
from dev.sandbox.api.errors import ApiError
from dev.sandbox.control.guard import loopback_only
from dev.sandbox.pluggy import here

bp = Blueprint("control_limits", __name__, url_prefix="/_control")
bp.before_request(loopback_only)
Json = dict[str, Any]
NAMES = {"perMinute": "per_minute", "patchPerMinute": "patch_per_minute", "seconds": "seconds"}


@bp.get("/limits")
def show() -> Json:
    """Whether callers are limited, and to how much."""
    limits = here().limits
    return {"on": limits.on} | {shown: getattr(limits, name) for shown, name in NAMES.items()}


@bp.post("/limits")
def switch_on() -> Json:
    """Limit from now on; `seconds` is how long a minute lasts."""
    body = json_body()
    refuse_unknown(body, NAMES)
    if not all(isinstance(value, int | float) and value > 0 for value in body.values()):
        raise ApiError(400, "limits must be positive numbers")
    here().limits.switch(True, **{NAMES[name]: value for name, value in body.items()})
    return show()


@bp.delete("/limits")
def switch_off() -> Json:
    """Limit nobody."""
    here().limits.switch(False)
    return show()
