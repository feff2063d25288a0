"""Write the transactions of a bulk item in batches, so that other writes can happen between them."""

from collections.abc import Iterator
from itertools import islice

from pluggy_sandbox.delivery.changes import AccountChanges
from pluggy_sandbox.store import ledger
from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.items import Item
from pluggy_sandbox.store.ledger import LedgerEntry
from pluggy_sandbox.world import bulk
from pluggy_sandbox.world.bank_view import BankView

BATCH_SIZE = 5000  # takes about 0.3 s


def is_bulk(item: Item) -> bool:
    """Return whether the item has one account with an unusual number of transactions (user-ok-perf-{N}x)."""
    return item.variant.startswith("perf-")


def write_batch(database: Database, item: Item, view: BankView) -> bool:
    """Write the next batch and count it on the item; return whether there may be more.

    The caller saves the item.
    """
    batch = list(islice(_entries(item, view), BATCH_SIZE))
    ledger.save_transactions(database, batch)
    item.unannounced_count += len(batch)
    item.last_bulk_number += len(batch)
    return len(batch) == BATCH_SIZE


def unannounced_changes(database: Database, item: Item, view: BankView) -> AccountChanges:
    """Return what was written since the last call: the oldest transaction, and the number of the others."""
    changes = AccountChanges(view.account_id)
    if item.unannounced_count:
        oldest = bulk.transaction_id(view.account_id, item.last_bulk_number - item.unannounced_count + 1)
        stored = ledger.transaction(database, oldest)
        changes.created = [stored.data] if stored else []
        changes.also_created = item.unannounced_count - len(changes.created)
    item.unannounced_count = 0
    return changes


def _entries(item: Item, view: BankView) -> Iterator[LedgerEntry]:
    schedule = bulk.schedule(item.variant, opened=item.history_start, connected=item.created_at)
    for number, movement in bulk.movements(schedule, after=item.last_bulk_number, until=view.now):
        yield view.entry(movement, transaction_id=bulk.transaction_id(view.account_id, number))
