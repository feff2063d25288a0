"""The bank's own page, where a person signs in and approves or refuses, and the way back to the widget."""

import hashlib
import hmac
import re
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from dev.sandbox.api import tokens
from dev.sandbox.bank import connectors, qr, users
from dev.sandbox.pluggy import here
from dev.sandbox.runs import asking
from dev.sandbox.store import items
from dev.sandbox.store.items import Item

bp = Blueprint("bank", __name__, url_prefix="/connect", template_folder="templates")
Json = dict[str, Any]
PERMISSIONS = {
    "ACCOUNTS": "Contas: saldos e limites",
    "CREDIT_CARDS": "Cartões: limites, faturas e parcelas",
    "TRANSACTIONS": "Transações das contas e dos cartões",
    "INVESTMENTS": "Investimentos e suas movimentações",
    "LOANS": "Empréstimos e financiamentos",
    "IDENTITY": "Dados cadastrais",
}


@bp.after_request
def not_in_frames(response: Response) -> Response:
    """Nobody's page may show the bank's inside itself and have its buttons pressed."""
    response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    return response


@bp.get("/bank/<bank_key>")
def door(bank_key: str) -> str:
    """The sign-in of the bank; whoever comes by a QR code is in the bank's application already."""
    item = _waiting(bank_key)
    if item is None:
        return render_template("bank.html", step="over")
    step = "sign-in" if connectors.authorization(item.connector_id) == "oauth" else "permissions"
    return _page(item, step)


@bp.get("/bank/<bank_key>/qr.svg")
def code(bank_key: str) -> Response:
    """The QR code with the address of this page."""
    address = f"{here().settings.origin}/connect/bank/{bank_key}"
    if len(address.encode()) > qr.MOST:
        abort(404)
    return Response(qr.svg(address), content_type="image/svg+xml")


@bp.post("/bank/<bank_key>")
def sign_in(bank_key: str) -> str:
    """The permissions for those who know the documented login, else the sign-in again."""
    item, form = _waiting(bank_key), request.form
    if item is None:
        return render_template("bank.html", step="over")
    good = (form.get("user"), form.get("password")) == (users.BANK_USER, users.BANK_PASSWORD)
    return _page(item, "permissions") if good else _page(item, "sign-in", wrong=True)


@bp.post("/bank/<bank_key>/<decision>")
def decide(bank_key: str, decision: str) -> Response:
    """Approve or refuse, and go back; a bank with a page of its own asks who it is first."""
    if decision not in ("approve", "refuse"):
        abort(404)
    with here().database.writing():
        item = _waiting(bank_key)
        if item and _may_decide(item):
            here().runner.decide(item, granted=decision == "approve")
    target = item.oauth_redirect_uri if item else None
    return redirect(url_for("bank.callback", to=target), 303)


@bp.get("/callback")
def callback() -> str:
    """Closes the pop-up; where there is none to close, goes on to the address the application gave."""
    return render_template("callback.html", target=_known_target(request.args.get("to")))


def ticket(item: Item) -> str:
    """Proof of having signed in, good for this one authorisation."""
    return hmac.new(here().signing_key.encode(), item.bank_key.encode(), hashlib.sha256).hexdigest()


def _may_decide(item: Item) -> bool:
    signs_in = connectors.authorization(item.connector_id) == "oauth"
    return not signs_in or tokens.is_same(request.form.get("ticket", ""), ticket(item))


def _waiting(bank_key: str) -> Item | None:
    item = items.of_bank_key(here().database, bank_key)
    return item if item and item.run and asking.awaits_decision(item) else None


def _page(item: Item, step: str, *, wrong: bool = False) -> str:
    wanted = [text for product, text in PERMISSIONS.items() if product in item.products]
    return render_template(
        "bank.html", step=step, wrong=wrong, item=item, ticket=ticket(item), permissions=wanted,
        bank=connectors.connector(item.connector_id, here().settings.origin),
        user=users.BANK_USER, password=users.BANK_PASSWORD,
    )  # fmt: skip


def _known_target(target: str | None) -> str | None:
    """Only an address that an application gave for one of its items: this is no open redirect."""
    known = {item.oauth_redirect_uri for item in items.everyone(here().database)}
    return target if target in known and re.match(r"[a-z][a-z0-9+.-]*://", target or "") else None
