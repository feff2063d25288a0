"""Restrict the control panel to this machine and to its own page."""

from urllib.parse import urlsplit

from flask import Blueprint, request

from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.settings import is_loopback


def control_blueprint(name: str) -> Blueprint:
    """Return a blueprint below /_control/ that is restricted to this machine."""
    bp = Blueprint(f"control_{name}", __name__, url_prefix="/_control")
    bp.before_request(loopback_only)
    return bp


def loopback_only() -> None:
    """Raise 403 for other machines, for other host names (DNS rebinding) and for pages of other sites."""
    host = urlsplit(f"//{request.host}").hostname or ""
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin.rstrip("/") != request.host_url.rstrip("/")
    if not is_loopback(request.remote_addr or "") or not is_loopback(host) or foreign:
        raise ApiError(403, "The control panel is open only to this machine")
