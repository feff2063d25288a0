"""Rows that the control room added: they count in bills and leave the open bill like the others."""

import datetime as dt

from dev.sandbox.clock import SAO_PAULO, iso, parse
from dev.sandbox.store import ledger
from dev.sandbox.store.database import Database
from dev.sandbox.store.ledger import Entry
from dev.sandbox.world.rows import CARD
from dev.sandbox.world.voice import Speaker


def movements(database: Database, speaker: Speaker) -> list[tuple[dt.date, int]]:
    """Day and person's cents of the rows that were added to a card."""
    rows = ledger.added_by_hand(database, speaker.account_id)
    return [(local_day(row.data["date"]), speaker.sign(CARD, row.cents)) for row in rows]


def settle(database: Database, speaker: Speaker) -> list[str]:
    """Post the rows whose bill has closed; their ids."""
    settled = []
    for row in ledger.added_by_hand(database, speaker.account_id):
        data, day = row.data, local_day(row.data["date"])
        waits = data["status"] == "PENDING" and data["creditCardMetadata"]
        if waits and speaker.habits.cycle.closing(day) < speaker.today:
            data["creditCardMetadata"]["billId"] = speaker.bill_id(day)
            data |= {"status": "POSTED", "updatedAt": iso(speaker.now)}
            settled.append(Entry(data, row.cents, told=False))
    ledger.save_transactions(database, settled)
    return [entry.data["id"] for entry in settled]


def local_day(date: str) -> dt.date:
    """The calendar day of a stored date: plain at midnight UTC, else São Paulo's."""
    moment = parse(date)
    return moment.date() if date.endswith("T00:00:00.000Z") else moment.astimezone(SAO_PAULO).date()
