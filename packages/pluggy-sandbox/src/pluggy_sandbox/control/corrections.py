"""Report transactions that were sent with an odd field as updated, once they are sent right again."""

from collections import defaultdict

from pluggy_sandbox.clock import iso
from pluggy_sandbox.control.items import find
from pluggy_sandbox.control.transactions import publish
from pluggy_sandbox.delivery.changes import AccountChanges
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import ledger
from pluggy_sandbox.store.ledger import LedgerEntry, StoredEntry


def report_corrections() -> None:
    """Publish transactions/updated for what the ended odd-field faults altered, as a bank's correction does.

    A client reads only recent transactions again by itself, so older ones would stay as the fault sent them.
    """
    transaction_ids = current_sandbox().faults.take_corrected()
    if not transaction_ids:
        return
    with database().write_transaction():
        by_account: dict[str, list[StoredEntry]] = defaultdict(list)
        for transaction_id in transaction_ids:
            if stored := ledger.transaction(database(), transaction_id):
                by_account[stored.account_id].append(stored)
        for account_id, corrected in by_account.items():
            _report(account_id, corrected)


def _report(account_id: str, corrected: list[StoredEntry]) -> None:
    account = ledger.account(database(), account_id)
    assert account is not None
    now = iso(current_sandbox().clock.now())
    for stored in corrected:
        stored.data["updatedAt"] = now
    ledger.save_transactions(
        database(), [LedgerEntry(stored.data, stored.cents, stored.generated) for stored in corrected]
    )
    ids = [str(stored.data["id"]) for stored in corrected]
    publish(find(account["item_id"]), AccountChanges(account_id, updated=ids), {})
