"""GET /accounts/{id}/statements, and signed links to the PDF files that expire after 30 minutes."""

import calendar
import json
from typing import Any

from flask import Blueprint, Response

from pluggy_sandbox.api import tokens
from pluggy_sandbox.api.access import is_account_readable
from pluggy_sandbox.api.accounts import find_readable_account
from pluggy_sandbox.api.errors import ApiError, not_found, require_uuid
from pluggy_sandbox.api.pagination import page
from pluggy_sandbox.api.pdf import document
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import records, transaction_pages

bp = Blueprint("statements", __name__)
Json = dict[str, Any]
NO_BANK = "local Pluggy: this is not Pluggy, and no bank"
LINK_SECONDS, MAX_TRANSACTIONS = 30 * 60, 1000


@bp.get("/accounts/<account_id>/statements")
def index(account_id: str) -> Json:
    """List the statements of an account, each with a signed link."""
    require_uuid(account_id, "accountId")
    if not is_account_readable(account_id):
        return page([])
    statements = records.for_parent(database(), account_id, records.STATEMENT)
    return page([statement | {"url": _link(statement["id"], account_id)} for statement in statements])


@bp.get("/statements/<token>.pdf")
@tokens.public
def show(token: str) -> Response:
    """Return the PDF of a statement. The signed link is the permission."""
    claims = tokens.verified_claims(token)
    if claims["kind"] != "statement":
        raise ApiError(403, "This link is not for a statement")
    account = find_readable_account(claims["accountId"])
    statement = records.get(database(), claims["statementId"], records.STATEMENT)
    if statement is None:
        raise not_found("statement")
    return Response(document(_lines(account, statement[1]["monthYear"])), mimetype="application/pdf")


def _link(statement_id: str, account_id: str) -> str:
    token = tokens.sign("statement", LINK_SECONDS, statementId=statement_id, accountId=account_id)
    return f"{current_sandbox().settings.origin}/statements/{token}.pdf"


def _lines(account: Json, month_year: str) -> list[str]:
    """Return the text lines of a statement, oldest transaction first."""
    month, _, year = month_year.partition("-")
    last = calendar.monthrange(int(year), int(month))[1]
    start, end = f"{year}-{month}-01", f"{year}-{month}-{last}T23:59:59.999Z"
    query = transaction_pages.PageQuery(account["id"], date_from=start, date_to=end)
    transactions = transaction_pages.fetch_page(database(), query, MAX_TRANSACTIONS).transactions
    head = [NO_BANK, "", account["name"], account["number"], month_year, ""]
    return head + [_line(json.loads(transaction)) for transaction in reversed(transactions)]


def _line(transaction: Json) -> str:
    date, description = transaction["date"][:10], transaction["description"][:60]
    return f"{date}  {transaction['amount']:>14.2f} {transaction['currencyCode']}  {description}"
