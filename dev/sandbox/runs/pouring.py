"""Pouring: the rows of a bulk item are written piece by piece, so that the writes of others come between."""

from collections.abc import Iterator
from itertools import islice

from dev.sandbox.runs.report import Report
from dev.sandbox.store import ledger
from dev.sandbox.store.database import Database
from dev.sandbox.store.items import Item
from dev.sandbox.store.ledger import Entry
from dev.sandbox.world import bulk
from dev.sandbox.world.voice import Speaker

PIECE = 5000  # rows: some three tenths of a second


def is_bulk(item: Item) -> bool:
    """Whether the item has one account with far more rows than anybody has."""
    return item.special.startswith("perf-")


def pour(database: Database, item: Item, speaker: Speaker) -> bool:
    """Write the next piece and count it on the item, which the caller saves; whether there may be more."""
    piece = list(islice(_entries(item, speaker), PIECE))
    ledger.save_transactions(database, piece)
    item.poured += len(piece)
    item.bulk_rows += len(piece)
    return len(piece) == PIECE


def report(database: Database, item: Item, speaker: Speaker) -> Report:
    """What was poured since the last report: the oldest row, and how many there are besides."""
    found = Report(speaker.account_id)
    if item.poured:
        oldest = bulk.transaction_id(speaker.account_id, item.bulk_rows - item.poured + 1)
        kept = ledger.transaction(database, oldest)
        found.created = [kept.data] if kept else []
        found.also_created = item.poured - len(found.created)
    item.poured = 0
    return found


def _entries(item: Item, speaker: Speaker) -> Iterator[Entry]:
    pace = bulk.pace(item.special, opened=item.opened_on, connected=item.created_at)
    for number, row in bulk.rows(pace, after=item.bulk_rows, until=speaker.now):
        yield speaker.entry(row, transaction_id=bulk.transaction_id(speaker.account_id, number))
