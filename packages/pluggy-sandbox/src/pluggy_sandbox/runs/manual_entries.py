"""Transactions added in the control panel: they count in bills and are posted like the others."""

import datetime as dt

from pluggy_sandbox.clock import SAO_PAULO, iso, parse
from pluggy_sandbox.store import ledger
from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.ledger import LedgerEntry
from pluggy_sandbox.world.bank_view import BankView
from pluggy_sandbox.world.movements import CARD


def movements(database: Database, view: BankView) -> list[tuple[dt.date, int]]:
    """Return the day and the cents, from the user's side, of the transactions that were added to a card."""
    entries = ledger.manual_entries_of(database, view.account_id)
    return [(local_day(entry.data["date"]), view.sign(CARD, entry.cents)) for entry in entries]


def post_closed(database: Database, view: BankView) -> list[str]:
    """Post the transactions whose bill has closed; return their ids."""
    posted = []
    for entry in ledger.manual_entries_of(database, view.account_id):
        data, day = entry.data, local_day(entry.data["date"])
        is_pending = data["status"] == "PENDING" and data["creditCardMetadata"]
        if is_pending and view.bank.cycle.closing(day) < view.today:
            data["creditCardMetadata"]["billId"] = view.bill_id(day)
            data |= {"status": "POSTED", "updatedAt": iso(view.now)}
            posted.append(LedgerEntry(data, entry.cents, generated=False))
    ledger.save_transactions(database, posted)
    return [entry.data["id"] for entry in posted]


def local_day(date: str) -> dt.date:
    """Return the calendar day of a stored date: plain at midnight UTC, else in São Paulo."""
    moment = parse(date)
    return moment.date() if date.endswith("T00:00:00.000Z") else moment.astimezone(SAO_PAULO).date()
