"""The Flask application: the imitated API, the Connect page and the control panel on one address."""

from flask import Flask, request
from werkzeug.wrappers import Response

from pluggy_sandbox.api import (
    accounts,
    auth,
    balances,
    categories,
    category_rules,
    connectors,
    consents,
    errors,
    identity,
    investments,
    item_list,
    items,
    loans,
    merchants,
    rate_limits,
    statements,
    tokens,
    transactions,
    webhooks,
)
from pluggy_sandbox.connect import bank_page
from pluggy_sandbox.connect import views as connect_views
from pluggy_sandbox.control import bank_words as control_bank_words
from pluggy_sandbox.control import bills as control_bills
from pluggy_sandbox.control import categorization as control_categorization
from pluggy_sandbox.control import clock as control_clock
from pluggy_sandbox.control import endings as control_endings
from pluggy_sandbox.control import events as control_events
from pluggy_sandbox.control import faults as control_faults
from pluggy_sandbox.control import items as control_items
from pluggy_sandbox.control import rate_limits as control_rate_limits
from pluggy_sandbox.control import reading_rates as control_reading_rates
from pluggy_sandbox.control import requests as control_requests
from pluggy_sandbox.control import reused_ids as control_reused_ids
from pluggy_sandbox.control import scenarios as control_scenarios
from pluggy_sandbox.control import transactions as control_transactions
from pluggy_sandbox.control import truth as control_truth
from pluggy_sandbox.control import views as control_views
from pluggy_sandbox.control import worlds as control_worlds
from pluggy_sandbox.control.page_changes import PageChanger
from pluggy_sandbox.faults.middleware import FaultMiddleware
from pluggy_sandbox.sandbox import Sandbox

API = (
    auth, connectors, items, item_list, accounts, balances, statements, transactions, investments, loans,
    identity, consents, categories, category_rules, merchants, webhooks,
)  # fmt: skip
PAGES = (connect_views, bank_page)
CONTROL = (
    control_views, control_clock, control_items, control_scenarios, control_endings, control_transactions,
    control_bank_words, control_bills, control_truth, control_events, control_faults, control_worlds,
    control_rate_limits, control_reused_ids, control_categorization, control_reading_rates, control_requests,
)  # fmt: skip


def create_app(sandbox: Sandbox) -> Flask:
    """Build the WSGI application that serves one sandbox."""
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["sandbox"] = sandbox
    app.before_request(_read_body)
    for module in API:
        module.bp.before_request(rate_limits.check_limit)
        module.bp.before_request(tokens.authenticate)
        module.bp.after_request(rate_limits.add_headers)
    for module in (*API, *PAGES, *CONTROL):
        app.register_blueprint(module.bp)
    errors.install(app)
    app.after_request(_add_notice_header)
    app.wsgi_app = FaultMiddleware(  # type: ignore[assignment, method-assign]
        app.wsgi_app, sandbox.faults, PageChanger(app), sandbox.requests.add
    )
    return app


def _read_body() -> None:
    """Read the whole request body, because the connection is used again for the next request."""
    request.get_data(cache=True)


def _add_notice_header(response: Response) -> Response:
    """Mark every response as not coming from Pluggy."""
    response.headers["X-Local-Pluggy"] = "this is not Pluggy"
    return response
