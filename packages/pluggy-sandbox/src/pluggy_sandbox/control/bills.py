"""Control route of bills: close the open bill now."""

import datetime as dt
import json
import sqlite3
from typing import Any

from pluggy_sandbox.api.auth import json_body
from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.clock import iso
from pluggy_sandbox.control.access import control_blueprint
from pluggy_sandbox.control.items import find
from pluggy_sandbox.control.transactions import bank_view, find_account, publish
from pluggy_sandbox.delivery.changes import AccountChanges
from pluggy_sandbox.runs.manual_entries import local_day
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import ledger
from pluggy_sandbox.store.ledger import LedgerEntry
from pluggy_sandbox.world.bank_view import BankView, json_amount
from pluggy_sandbox.world.movements import CARD

bp = control_blueprint("bills")
Json = dict[str, Any]
MINIMUM_PERCENT = 15


@bp.post("/items/<item_id>/close-bill")
def close_bill(item_id: str) -> tuple[Json, int]:
    """Close the open bill of the card, or of `accountId`.

    Its transactions become POSTED with its id, and the bill is listed.
    """
    body = json_body()
    with database().write_transaction():
        item = find(item_id)
        account = find_account(item, {"accountType": "CREDIT_CARD", **body})
        view = bank_view(item, account)
        bill = _open_bill(view, account)
        pending = _pending(account["id"], until=iso(view.now))
        if not item.from_file:  # the next sync posts transactions of earlier bills
            pending = [
                entry for entry in pending if view.bill_id(local_day(entry.data["date"])) == bill["id"]
            ]
        if not pending:
            raise ApiError(409, "the open bill has no transactions")
        _assign_to_bill(bill, pending, view)
        ledger.save_bills(database(), account["id"], [bill])
        publish(item, AccountChanges(account["id"], updated=[entry.data["id"] for entry in pending]), body)
    return bill, 201


def _pending(account_id: str, *, until: str) -> list[LedgerEntry]:
    """Return the transactions of the open bill; later installments stay pending."""
    entries = []
    for text in ledger.iter_transactions(database(), account_id):
        transaction = json.loads(text)
        if transaction["status"] == "PENDING" and transaction["date"] <= until:
            stored = ledger.transaction(database(), transaction["id"])
            assert stored is not None
            entries.append(LedgerEntry(stored.data, stored.cents, stored.generated))
    return entries


def _assign_to_bill(bill: Json, entries: list[LedgerEntry], view: BankView) -> None:
    now = iso(view.now)
    for entry in entries:
        entry.data["creditCardMetadata"] = (entry.data["creditCardMetadata"] or {}) | {"billId": bill["id"]}
        entry.data.update(status="POSTED", updatedAt=now)
    ledger.save_transactions(database(), entries)
    old_total = round(bill["totalAmount"] * 100)
    total = old_total - sum(view.sign(CARD, entry.cents) for entry in entries)
    minimum = max(0, total) * MINIMUM_PERCENT // 100
    bill |= {"totalAmount": json_amount(total), "minimumPaymentAmount": json_amount(minimum)}


def _open_bill(view: BankView, account: sqlite3.Row) -> Json:
    """Return the bill that is open now. A bill that was closed manually this month is extended."""
    credit = json.loads(account["data"])["creditData"] or {}
    today = current_sandbox().clock.today()
    closing = dt.date.fromisoformat((credit.get("balanceCloseDate") or str(today))[:10])
    due = dt.date.fromisoformat((credit.get("balanceDueDate") or str(today + dt.timedelta(days=7)))[:10])
    bill_id = view.bill_id(closing)
    stored = ledger.bill(database(), bill_id)
    return stored or {
        "id": bill_id,
        "accountId": account["id"],
        "dueDate": f"{due}T00:00:00.000Z",
        "billClosingDate": f"{today}T00:00:00.000Z",
        "totalAmount": 0,
        "totalAmountCurrencyCode": "BRL",
        "minimumPaymentAmount": 0,
        "allowsInstallments": True,
        "financeCharges": [],
        "payments": [],
    }
