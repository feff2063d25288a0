"""Control of the card: the open bill closes now."""

import datetime as dt
import json
import sqlite3
from typing import Any

from dev.sandbox.api.auth import json_body
from dev.sandbox.api.errors import ApiError
from dev.sandbox.clock import iso
from dev.sandbox.control.guard import room
from dev.sandbox.control.items import find
from dev.sandbox.control.money import account_of, announce, speaker_of
from dev.sandbox.pluggy import here
from dev.sandbox.runs.by_hand import local_day
from dev.sandbox.runs.report import Report
from dev.sandbox.store import ledger
from dev.sandbox.store.ledger import Entry
from dev.sandbox.world.rows import CARD
from dev.sandbox.world.voice import Speaker, money

bp = room("bills")
Json = dict[str, Any]
MINIMUM_PERCENT = 15


@bp.post("/items/<item_id>/close-bill")
def close_bill(item_id: str) -> tuple[Json, int]:
    """The open bill of the card (or of `accountId`) closes: its rows are POSTED with its id, it is listed."""
    body = json_body()
    with here().database.writing():
        item = find(item_id)
        account = account_of(item, {"accountType": "CREDIT_CARD", **body})
        speaker = speaker_of(item, account)
        bill = _opened(speaker, account)
        rows = _pending(account["id"], until=iso(speaker.now))
        if not item.loaded:  # rows of a bill that closed since the last sync are the next sync's
            rows = [row for row in rows if speaker.bill_id(local_day(row.data["date"])) == bill["id"]]
        if not rows:
            raise ApiError(409, "nothing waits on the open bill")
        _put_on(bill, rows, speaker)
        ledger.save_bills(here().database, account["id"], [bill])
        announce(item, Report(account["id"], updated=[row.data["id"] for row in rows]), body)
    return bill, 201


def _pending(account_id: str, *, until: str) -> list[Entry]:
    """The rows of the open bill; parts of later months stay where they are."""
    found = []
    for text in ledger.stream(here().database, account_id):
        row = json.loads(text)
        if row["status"] == "PENDING" and row["date"] <= until:
            kept = ledger.transaction(here().database, row["id"])
            assert kept is not None
            found.append(Entry(kept.data, kept.cents, kept.told))
    return found


def _put_on(bill: Json, rows: list[Entry], speaker: Speaker) -> None:
    now = iso(speaker.now)
    for row in rows:
        row.data["creditCardMetadata"] = (row.data["creditCardMetadata"] or {}) | {"billId": bill["id"]}
        row.data.update(status="POSTED", updatedAt=now)
    ledger.save_transactions(here().database, rows)
    before = round(bill["totalAmount"] * 100)
    total = before - sum(speaker.sign(CARD, row.cents) for row in rows)
    minimum = max(0, total) * MINIMUM_PERCENT // 100
    bill |= {"totalAmount": money(total), "minimumPaymentAmount": money(minimum)}


def _opened(speaker: Speaker, account: sqlite3.Row) -> Json:
    """The bill as far as it is known: one that was closed by hand this month already only grows."""
    credit = json.loads(account["data"])["creditData"] or {}
    today = here().clock.today()
    closing = dt.date.fromisoformat((credit.get("balanceCloseDate") or str(today))[:10])
    due = dt.date.fromisoformat((credit.get("balanceDueDate") or str(today + dt.timedelta(days=7)))[:10])
    bill_id = speaker.bill_id(closing)
    known = ledger.bill(here().database, bill_id)
    return known or {
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
