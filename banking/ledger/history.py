"""Record the history of transactions: each write that changed what users see of them."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from banking.ledger.models import Transaction, TransactionChange

# The columns that users see: those that a write of bank data may change, and those of the user's own edits.
BANK_COLUMNS = (
    "description",
    "merchant_name",
    "status",
    "local_date",
    "signed_amount",
    "kind",
    "category_id",
    "cash_month",
)
USER_COLUMNS = ("note", "tags", "hidden")

Snapshot = dict[UUID, dict[str, Any]]


def snapshot(transactions: Iterable[Transaction]) -> Snapshot:
    """Return what users see of the transactions now: take it before a write, for record_changes()."""
    return {transaction.id: _visible(transaction) for transaction in transactions}


def record_changes(
    transactions: Iterable[Transaction], before: Snapshot, *, source: TransactionChange.Source
) -> None:
    """Store what a write has changed. Call it in the transaction of the write."""
    differences = (
        (transaction, _differences(before[transaction.id], _visible(transaction)))
        for transaction in transactions
    )
    TransactionChange.objects.bulk_create(
        [
            TransactionChange(
                user_id=transaction.user_id, transaction_id=transaction.id, source=source, changes=changes
            )
            for transaction, changes in differences
            if changes
        ],
        batch_size=1_000,
    )


def _visible(transaction: Transaction) -> dict[str, Any]:
    return {name: _to_json(getattr(transaction, name)) for name in (*BANK_COLUMNS, *USER_COLUMNS)}


def _to_json(value: Any) -> Any:
    """Write amounts and dates as the merge statement of banking/ingest does: as text, with all decimals."""
    if isinstance(value, Decimal):
        return f"{value:.8f}"
    return value.isoformat() if isinstance(value, date) else value


def _differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: [old, after[name]] for name, old in before.items() if old != after[name]}
