"""The bank's page: the user signs in, approves or refuses, and returns to the widget."""

import hashlib
import hmac
import re
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pluggy_sandbox.api import tokens
from pluggy_sandbox.institutions import connectors, qr_code, test_users
from pluggy_sandbox.runs import prompts
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import items
from pluggy_sandbox.store.items import Item

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
    """Forbid framing, so that no other page can make the user press its buttons."""
    response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    return response


@bp.get("/bank/<authorization_key>")
def sign_in_page(authorization_key: str) -> str:
    """Show the sign-in form. A user who comes by QR code is already signed in to the bank's app."""
    item = _item_awaiting_decision(authorization_key)
    if item is None:
        return render_template("bank.html", step="over")
    step = "sign-in" if connectors.authorization(item.connector_id) == "oauth" else "permissions"
    return _page(item, step)


@bp.get("/bank/<authorization_key>/qr.svg")
def code(authorization_key: str) -> Response:
    """Return the QR code with the address of this page."""
    address = f"{current_sandbox().settings.origin}/connect/bank/{authorization_key}"
    if len(address.encode()) > qr_code.MAX_BYTES:
        abort(404)
    return Response(qr_code.svg(address), content_type="image/svg+xml")


@bp.post("/bank/<authorization_key>")
def sign_in(authorization_key: str) -> str:
    """Show the permissions if the documented login is right, else the sign-in form again."""
    item, form = _item_awaiting_decision(authorization_key), request.form
    if item is None:
        return render_template("bank.html", step="over")
    is_valid = (form.get("user"), form.get("password")) == (test_users.BANK_USER, test_users.BANK_PASSWORD)
    return _page(item, "permissions") if is_valid else _page(item, "sign-in", wrong=True)


@bp.post("/bank/<authorization_key>/<decision>")
def decide(authorization_key: str, decision: str) -> Response:
    """Approve or refuse, and redirect. A bank with a sign-in form requires its ticket."""
    if decision not in ("approve", "refuse"):
        abort(404)
    with database().write_transaction():
        item = _item_awaiting_decision(authorization_key)
        if item and _may_decide(item):
            current_sandbox().runner.decide(item, granted=decision == "approve")
    target = item.oauth_redirect_uri if item else None
    return redirect(url_for("bank.callback", to=target), 303)


@bp.get("/callback")
def callback() -> str:
    """Close the pop-up; without a pop-up go on to the redirect address of the application."""
    return render_template("callback.html", target=_registered_redirect(request.args.get("to")))


def ticket(item: Item) -> str:
    """Return the proof of having signed in, valid for one authorization."""
    key, message = current_sandbox().signing_key.encode(), item.authorization_key.encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def _may_decide(item: Item) -> bool:
    signs_in = connectors.authorization(item.connector_id) == "oauth"
    return not signs_in or tokens.is_equal_secret(request.form.get("ticket", ""), ticket(item))


def _item_awaiting_decision(authorization_key: str) -> Item | None:
    item = items.by_authorization_key(database(), authorization_key)
    return item if item and item.run and prompts.awaits_decision(item) else None


def _page(item: Item, step: str, *, wrong: bool = False) -> str:
    permission_texts = [text for product, text in PERMISSIONS.items() if product in item.products]
    return render_template(
        "bank.html", step=step, wrong=wrong, item=item, ticket=ticket(item), permissions=permission_texts,
        bank=connectors.connector(item.connector_id, current_sandbox().settings.origin),
        user=test_users.BANK_USER, password=test_users.BANK_PASSWORD,
    )  # fmt: skip


def _registered_redirect(target: str | None) -> str | None:
    """Return the address only if an item has it as its redirect, so that this is no open redirect."""
    registered = {item.oauth_redirect_uri for item in items.all_items(database())}
    return target if target in registered and re.match(r"[a-z][a-z0-9+.-]*://", target or "") else None
