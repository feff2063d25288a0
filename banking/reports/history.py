"""The history of a transaction: each change of what users see of it, newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from banking.ledger.models import CategoryTree, Transaction, TransactionChange

MAX_ENTRIES = 50
# In the order in which they are shown.
COLUMNS = (
    "gone",
    "signed_amount",
    "description",
    "merchant_name",
    "local_date",
    "status",
    "category_id",
    "kind",
    "cash_month",
    "hidden",
    "tags",
    "note",
)
DATES = frozenset({"local_date", "cash_month"})


@dataclass(frozen=True)
class ColumnChange:
    """A column's value before and after: an amount, a date, a category's name or a text."""

    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class HistoryEntry:
    at: datetime
    source: str  # bank, user, rule or match
    changes: tuple[ColumnChange, ...]


def history_of(transaction: Transaction, tree: CategoryTree) -> tuple[HistoryEntry, ...]:
    """Return the latest changes. One query."""
    stored = TransactionChange.objects.filter(transaction=transaction, user_id=transaction.user_id)
    shown = [column for column in COLUMNS if column != "cash_month" or transaction.account.is_card]
    entries = (
        HistoryEntry(change.changed_at, change.source, _changes(change.changes, shown, tree))
        for change in stored[:MAX_ENTRIES]
    )
    return tuple(entry for entry in entries if entry.changes)


def _changes(stored: dict[str, Any], shown: Iterable[str], tree: CategoryTree) -> tuple[ColumnChange, ...]:
    return tuple(
        ColumnChange(column, *(_parse(column, value, tree) for value in stored[column]))
        for column in shown
        if column in stored
    )


def _parse(column: str, value: Any, tree: CategoryTree) -> Any:
    if column == "signed_amount":
        return Decimal(value)
    if column in DATES:
        return date.fromisoformat(value)
    return tree.name(value) if column == "category_id" and value in tree else value
