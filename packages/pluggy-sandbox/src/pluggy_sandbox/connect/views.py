"""Serve the Connect page at the root address, its static files and the institutions' logos."""

from pathlib import Path

from flask import Blueprint, abort, make_response, render_template, send_from_directory
from werkzeug.wrappers import Response

from pluggy_sandbox.institutions import connectors

bp = Blueprint("connect", __name__, template_folder="templates")
STATIC = Path(__file__).with_name("static")
CACHE_CONTROL = "public, max-age=300"


@bp.get("/")
def page() -> str:
    """Return the Connect page; outside the widget it only links to the control panel."""
    return render_template("connect.html")


@bp.get("/connect/<path:name>")
def asset(name: str) -> Response:
    """Return a static file of the page."""
    return send_from_directory(STATIC, name)


@bp.get("/static/connectors/<int:connector_id>.svg")
def logo(connector_id: int) -> Response:
    """Return the logo of an institution."""
    if not connectors.exists(connector_id):
        abort(404)
    response = make_response(connectors.logo(connector_id))
    response.headers["Content-Type"] = "image/svg+xml"
    response.headers["Cache-Control"] = CACHE_CONTROL
    return response
