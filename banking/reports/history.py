"""What became of a row: each change of what people see of it, newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from banking.models import CategoryTree, RowChange, Transaction

LATEST = 50
# In the order in which they are told.
COLUMNS = (
    "gone",
    "flow",
    "description",
    "merchant_name",
    "local_date",
    "status",
    "category_id",
    "kind",
    "month_cash",
    "hidden",
    "tags",
    "note",
)
DAYS = frozenset({"local_date", "month_cash"})


@dataclass(frozen=True)
class Change:
    """One column: an amount, a day, a category's name or plain text. Nothing is None or empty."""

    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Entry:
    at: datetime
    by: str  # bank, you, rule or link
    changes: tuple[Change, ...]


def history(row: Transaction, tree: CategoryTree) -> tuple[Entry, ...]:
    """The latest changes. One query."""
    found = RowChange.objects.filter(row=row, user_id=row.user_id)[:LATEST]
    shown = [one for one in COLUMNS if one != "month_cash" or row.account.is_card]
    entries = (Entry(one.at, one.by, _changes(one.changes, shown, tree)) for one in found)
    return tuple(one for one in entries if one.changes)


def _changes(stored: dict[str, Any], shown: Iterable[str], tree: CategoryTree) -> tuple[Change, ...]:
    return tuple(
        Change(column, *(_read(column, value, tree) for value in stored[column]))
        for column in shown
        if column in stored
    )


def _read(column: str, value: Any, tree: CategoryTree) -> Any:
    if column == "flow":
        return Decimal(value)
    if column in DAYS:
        return date.fromisoformat(value)
    return tree.name(value) if column == "category_id" and value in tree else value
