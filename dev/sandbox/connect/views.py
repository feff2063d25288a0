"""Serves the Connect page at the bare origin, its script and style, and the institutions' logos."""

from pathlib import Path

from flask import Blueprint, abort, make_response, render_template, send_from_directory
from werkzeug.wrappers import Response

from dev.sandbox.bank import connectors

bp = Blueprint("connect", __name__, template_folder="templates")
STATIC = Path(__file__).with_name("static")
SHARED = "public, max-age=300"


@bp.get("/")
def page() -> str:
    """The Connect application; outside the widget it only points to the control room."""
    return render_template("connect.html")


@bp.get("/connect/<path:name>")
def asset(name: str) -> Response:
    """The page's own files."""
    return send_from_directory(STATIC, name)


@bp.get("/static/connectors/<int:connector_id>.svg")
def logo(connector_id: int) -> Response:
    """An institution's logo."""
    if not connectors.exists(connector_id):
        abort(404)
    answer = make_response(connectors.logo(connector_id))
    answer.headers["Content-Type"] = "image/svg+xml"
    answer.headers["Cache-Control"] = SHARED
    return answer
