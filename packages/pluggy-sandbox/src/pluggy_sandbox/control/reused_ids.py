"""Give the id of a transaction to another posting, as some banks do."""

import datetime as dt
from typing import Any

from pluggy_sandbox.api.auth import json_body
from pluggy_sandbox.control.access import control_blueprint
from pluggy_sandbox.control.transactions import bank_view, change_transaction, find_transaction
from pluggy_sandbox.store import ledger

bp = control_blueprint("reused_ids")
Json = dict[str, Any]
# The postings that get the id of a payment and of income.
REUSED_AS_INCOME: Json = {"amount": 91.37, "description": "CREDITO BONIFICACAO", "categoryId": "01050000"}
REUSED_AS_PURCHASE: Json = {"amount": -85, "description": "POSTO ESTRELA", "categoryId": "19050001"}


@bp.post("/transactions/<transaction_id>/reuse")
def reuse(transaction_id: str) -> Json:
    """Give the id of a transaction to another posting: sign, value, words, category and day are new."""
    return reuse_id(transaction_id, json_body())


def reuse_id(transaction_id: str, body: Json) -> Json:
    """Replace a transaction by another posting with the same id, and publish events."""
    stored, account, item = find_transaction(transaction_id)
    view = bank_view(item, account)
    was_paid = view.sign(account["kind"], stored.cents) < 0
    date = dt.date.fromisoformat(ledger.indexed_date(stored.data)[:10])
    other_posting = REUSED_AS_INCOME if was_paid else REUSED_AS_PURCHASE
    posting = other_posting | {"date": str(date + dt.timedelta(days=1))}
    cleared = {"paymentData": None, "merchant": None, "descriptionRaw": None}
    return change_transaction(transaction_id, posting | {"raw": cleared, "silent": body.get("silent")})
