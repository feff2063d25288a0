"""The story of a row: what people see of it, and each write that changed that."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from banking.models import RowChange, Transaction

# What people see of a row: what a write of the bank's may change, and what the person says.
BANKS = (
    "description",
    "merchant_name",
    "status",
    "local_date",
    "flow",
    "kind",
    "category_id",
    "month_cash",
)
PERSONS = ("note", "tags", "hidden")

Seen = dict[UUID, dict[str, Any]]


def seen(rows: Iterable[Transaction]) -> Seen:
    """What people see of these rows now: to be taken before a write, and given to `tell` after it."""
    return {row.id: _seen(row) for row in rows}


def tell(rows: Iterable[Transaction], before: Seen, *, by: RowChange.By) -> None:
    """Keep what a write has changed, in its transaction."""
    differences = ((row, _differences(before[row.id], _seen(row))) for row in rows)
    RowChange.objects.bulk_create(
        [
            RowChange(user_id=row.user_id, row_id=row.id, by=by, changes=found)
            for row, found in differences
            if found
        ],
        batch_size=1_000,
    )


def _seen(row: Transaction) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in (*BANKS, *PERSONS)}


def _plain(value: Any) -> Any:
    """As SQL_TELL writes it: amounts and dates as text, with the places that the column has."""
    if isinstance(value, Decimal):
        return f"{value:.8f}"
    return value.isoformat() if isinstance(value, date) else value


def _differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: [was, after[name]] for name, was in before.items() if was != after[name]}


_TABLE = RowChange._meta.db_table
_PAIRS = ", ".join(
    f"'{name}', CASE WHEN was_{name} IS DISTINCT FROM {name}"
    f" THEN jsonb_build_array(was_{name}::text, {name}::text) END"
    for name in BANKS
)
# Parts of a statement that writes rows: of `changed`, which has `was_…` beside each column; of `removed`.
# Rows that are new have no story yet.
SQL_TELL = f"""
    INSERT INTO {_TABLE} (user_id, row_id, by, changes)
    SELECT user_id, id, '{RowChange.By.BANK}', changes
    FROM changed CROSS JOIN LATERAL (
        SELECT jsonb_strip_nulls(jsonb_build_object(
            'gone', CASE WHEN NOT was_live THEN '[true, false]'::jsonb END, {_PAIRS}
        )) AS changes
    ) AS differing
    WHERE was_stored AND changes <> '{{}}'
"""
SQL_TELL_GONE = f"""
    INSERT INTO {_TABLE} (user_id, row_id, by, changes)
    SELECT user_id, id, '{RowChange.By.BANK}', '{{"gone": [false, true]}}' FROM removed
"""
