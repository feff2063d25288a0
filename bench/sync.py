"""Rows per second of a sync: the whole pipeline and its writing, beside COPY and what Django offers.

All of them write the same rows into the same table with the same indexes, in turns, in one run.
"""

import msgspec
from django.db import transaction
from django.utils import timezone

from banking import rollups
from banking.models import Account, CategoryTree
from banking.pluggy import payloads
from banking.upsert import transactions

ROWS, LOOP_ROWS, TURNS = 100_000, 2_000, 3
Page = payloads.Cursor[payloads.Transaction]


def pipeline(account: Account, bodies: list[bytes]) -> int:
    """Bytes → decoded → classified → written → rolled up, as a run does it; the rows written."""
    read = (msgspec.json.decode(body, type=Page).results for body in bodies)
    return write(account, read)


def write(account, read) -> int:
    roots, written = CategoryTree.load().roots, 0
    for page in read:
        with transaction.atomic():
            changes = transactions.store(account, page, roots=roots, read_at=timezone.now())
            rollups.apply(changes.deltas)
        written += changes.rows
    return written
