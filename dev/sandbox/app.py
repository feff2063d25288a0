"""The Flask application: the imitated API, the Connect page and the control room on one address."""

from flask import Flask, request
from werkzeug.wrappers import Response

from dev.sandbox.api import (
    accounts,
    auth,
    balances,
    categories,
    connectors,
    consents,
    errors,
    identity,
    investments,
    item_list,
    items,
    limits,
    loans,
    merchants,
    rules,
    statements,
    tokens,
    transactions,
    webhooks,
)
from dev.sandbox.connect import bank
from dev.sandbox.connect import views as connect
from dev.sandbox.control import bills, events, faults, money, moods, time, truth, views, worlds
from dev.sandbox.control import items as control_items
from dev.sandbox.control import limits as control_limits
from dev.sandbox.control.surprise import Surprises
from dev.sandbox.faults.door import FaultyDoor
from dev.sandbox.pluggy import Pluggy

CONTROL = (views, time, control_items, moods, money, bills, truth, events, faults, worlds, control_limits)
API = (
    auth, connectors, items, item_list, accounts, balances, statements, transactions, investments, loans,
    identity, consents, categories, rules, merchants, webhooks,
)  # fmt: skip


def create_app(pluggy: Pluggy) -> Flask:
    """The application of one running local Pluggy."""
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["pluggy"] = pluggy
    app.before_request(_read_body)
    for noun in API:
        noun.bp.before_request(limits.refuse)
        noun.bp.before_request(tokens.guard)
        noun.bp.after_request(limits.tell)
        app.register_blueprint(noun.bp)
    for room in (connect, bank, *CONTROL):
        app.register_blueprint(room.bp)
    errors.install(app)
    app.after_request(_say_what_it_is)
    app.wsgi_app = FaultyDoor(app.wsgi_app, pluggy.faults, Surprises(app))  # type: ignore[assignment, method-assign]
    return app


def _read_body() -> None:
    """Take the whole body off the wire, whatever becomes of the request: the connection is used again."""
    request.get_data(cache=True)


def _say_what_it_is(response: Response) -> Response:
    response.headers["X-Local-Pluggy"] = "this is not Pluggy"
    return response
