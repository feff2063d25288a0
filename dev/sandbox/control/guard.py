"""Who may use the control room: only this machine, and only a page of its own."""

from urllib.parse import urlsplit

from flask import Blueprint, request

from dev.sandbox.api.errors import ApiError
from dev.sandbox.settings import is_loopback


def room(name: str) -> Blueprint:
    """A blueprint below /_control/ behind the guard."""
    bp = Blueprint(f"control_{name}", __name__, url_prefix="/_control")
    bp.before_request(loopback_only)
    return bp


def loopback_only() -> None:
    """Refuse other machines, names that only pretend to be this one, and pages of other sites."""
    host = urlsplit(f"//{request.host}").hostname or ""
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin.rstrip("/") != request.host_url.rstrip("/")
    if not is_loopback(request.remote_addr or "") or not is_loopback(host) or foreign:
        raise ApiError(403, "The control room is open only to this machine")
