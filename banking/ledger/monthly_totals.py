"""Maintain the monthly totals: each write moves the totals that it changes, and rebuild() gives the same."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db import connection
from django.db.transaction import atomic

from banking.ledger.models import Basis, MonthlyTotal, Transaction
from banking.ledger.models.monthly_totals import MonthlyTotalDelta


@dataclass
class WriteResult:
    """The result of a write of transactions."""

    count: int = 0  # records written
    deltas: list[MonthlyTotalDelta] = field(default_factory=list)
    dates: tuple[date, date] | None = None  # first and last date of the changed transactions, old and new


def apply(deltas: Iterable[MonthlyTotalDelta]) -> None:
    """Add the deltas to the stored totals. Call it in the transaction of the write that caused them.

    The cost depends on the number of deltas, not on the number of transactions behind a total. The caller
    holds the lock of the connection, as every writer of its transactions does.
    """
    changes = list(deltas)
    if not changes:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SQL_ADD, [list(column) for column in zip(*changes, strict=True)])
        if any(delta.transaction_count <= 0 for delta in changes):
            accounts = list({delta.account_id for delta in changes})
            cursor.execute(_SQL_DELETE_EMPTY, [accounts])


def rebuild() -> None:
    """Delete all totals and compute them from the transactions."""
    with atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_TABLE}")
        cursor.execute(f"INSERT INTO {_TABLE} ({_COLUMNS}) {_SQL_TOTALS}")


def differences() -> list[tuple[object, ...]]:
    """Return the totals that differ from the sum of their transactions; none when all is well."""
    computed = f"SELECT {_COLUMNS} FROM ({_SQL_TOTALS}) AS computed"
    stored = f"SELECT {_COLUMNS} FROM {_TABLE}"
    with connection.cursor() as cursor:
        cursor.execute(f"({computed} EXCEPT {stored}) UNION ALL ({stored} EXCEPT {computed})")
        return list(cursor.fetchall())


_TABLE = MonthlyTotal._meta.db_table
_COLUMNS = ", ".join(MonthlyTotalDelta._fields)
_SQL_ADD = f"""
    INSERT INTO {_TABLE} AS old ({_COLUMNS})
    SELECT user_id, account_id, currency, basis, month, category_id, kind, sum(total), sum(transaction_count)
    FROM unnest(
        %s::bigint[], %s::uuid[], %s::text[], %s::text[], %s::date[], %s::text[], %s::text[],
        %s::numeric[], %s::int[]
    ) AS delta ({_COLUMNS})
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    HAVING sum(total) <> 0 OR sum(transaction_count) <> 0
    ON CONFLICT (account_id, basis, month, category_id, kind, currency)
    DO UPDATE SET total = old.total + excluded.total,
        transaction_count = old.transaction_count + excluded.transaction_count
"""
_SQL_DELETE_EMPTY = f"""
    DELETE FROM {_TABLE}
    WHERE account_id = ANY(%s) AND transaction_count = 0 AND total = 0
"""
# Each live transaction counts once in each basis, in the month that the basis gives it.
_SQL_TOTALS = f"""
    SELECT entry.user_id, entry.account_id, entry.signed_amount_currency AS currency, counted.basis, counted.month,
           entry.category_id, entry.kind, sum(entry.signed_amount) AS total, count(*) AS transaction_count
    FROM {Transaction._meta.db_table} AS entry
    CROSS JOIN LATERAL (
        VALUES ('{Basis.ACCRUAL}', entry.accrual_month), ('{Basis.CASH}', entry.cash_month)
    ) AS counted (basis, month)
    WHERE entry.deleted_at IS NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
