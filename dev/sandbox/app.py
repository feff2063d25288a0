"""The Flask application: the imitated API, the Connect page and the control room on one address."""

from flask import Flask, request
from werkzeug.wrappers import Response

from dev.sandbox.api import (
    accounts,
    auth,
    categories,
    connectors,
    errors,
    items,
    tokens,
    transactions,
    webhooks,
)
from dev.sandbox.connect import bank
from dev.sandbox.connect import views as connect
from dev.sandbox.control import moods, time
from dev.sandbox.control import views as control
from dev.sandbox.control import world as control_world
from dev.sandbox.faults import FaultyDoor
from dev.sandbox.pluggy import Pluggy

API = (auth, connectors, items, accounts, transactions, categories, webhooks)


def create_app(pluggy: Pluggy) -> Flask:
    """The application of one running local Pluggy."""
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["pluggy"] = pluggy
    app.before_request(_read_body)
    for noun in API:
        noun.bp.before_request(tokens.guard)
        app.register_blueprint(noun.bp)
    for room in (connect, bank, control, control_world, moods, time):
        app.register_blueprint(room.bp)
    errors.install(app)
    app.after_request(_say_what_it_is)
    app.wsgi_app = FaultyDoor(app.wsgi_app, pluggy.faults)  # type: ignore[assignment, method-assign]
    return app


def _read_body() -> None:
    """Take the whole body off the wire, whatever becomes of the request: the connection is used again."""
    request.get_data(cache=True)


def _say_what_it_is(response: Response) -> Response:
    response.headers["X-Local-Pluggy"] = "this is not Pluggy"
    return response
