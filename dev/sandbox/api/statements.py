"""GET /accounts/{id}/statements, and the signed links that serve each month's document for 30 minutes."""

import calendar
import json
from typing import Any

from flask import Blueprint, Response

from dev.sandbox.api import tokens
from dev.sandbox.api.accounts import readable
from dev.sandbox.api.errors import ApiError, not_found, require_uuid
from dev.sandbox.api.pages import page
from dev.sandbox.api.pdf import document
from dev.sandbox.api.reach import is_account_readable
from dev.sandbox.pluggy import here
from dev.sandbox.store import pages, records

bp = Blueprint("statements", __name__)
Json = dict[str, Any]
NO_BANK = "local Pluggy: this is not Pluggy, and no bank"
LINK_LIVES, MOST_ROWS = 30 * 60, 1000


@bp.get("/accounts/<account_id>/statements")
def index(account_id: str) -> Json:
    """The statements of an account, each with a link of its own."""
    require_uuid(account_id, "accountId")
    if not is_account_readable(account_id):
        return page([])
    found = records.of_parent(here().database, account_id, records.STATEMENT)
    return page([statement | {"url": _link(statement["id"], account_id)} for statement in found])


@bp.get("/statements/<token>.pdf")
@tokens.anyone_may
def show(token: str) -> Response:
    """The document; the link itself is the permission."""
    claims = tokens.claims(token)
    if claims["kind"] != "statement":
        raise ApiError(403, "This link is not for a statement")
    account = readable(claims["accountId"])
    found = records.one(here().database, claims["statementId"], records.STATEMENT)
    if found is None:
        raise not_found("statement")
    return Response(document(_lines(account, found[1]["monthYear"])), mimetype="application/pdf")


def _link(statement_id: str, account_id: str) -> str:
    token = tokens.make("statement", LINK_LIVES, statementId=statement_id, accountId=account_id)
    return f"{here().settings.origin}/statements/{token}.pdf"


def _lines(account: Json, month_year: str) -> list[str]:
    """Who and which month, and the month's rows, oldest first."""
    month, _, year = month_year.partition("-")
    last = calendar.monthrange(int(year), int(month))[1]
    begin, end = f"{year}-{month}-01", f"{year}-{month}-{last}T23:59:59.999Z"
    wanted = pages.Wanted(account["id"], date_from=begin, date_to=end)
    found = pages.cut(here().database, wanted, MOST_ROWS).rows
    head = [NO_BANK, "", account["name"], account["number"], month_year, ""]
    return head + [_line(json.loads(row)) for row in reversed(found)]


def _line(row: Json) -> str:
    return f"{row['date'][:10]}  {row['amount']:>14.2f} {row['currencyCode']}  {row['description'][:60]}"
