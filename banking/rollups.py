"""Keep the derived sums: each write moves its groups by what it changed; rebuild() gives the same anew."""

from collections.abc import Iterable

from django.db import connection, transaction

from banking.models import Basis, MonthTotal
from banking.models.rollups import Delta


def apply(deltas: Iterable[Delta]) -> None:
    """Move the sums, in the transaction that wrote the rows; whatever rows a group has, it costs the same.

    The caller holds the item's sync state locked, as everyone who writes its rows does.
    """
    moved = list(deltas)
    if not moved:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SQL_MOVE, [list(column) for column in zip(*moved, strict=True)])
        if any(delta.rows <= 0 for delta in moved):
            accounts = list({delta.account_id for delta in moved})
            cursor.execute(_SQL_EMPTY, [accounts])


def rebuild() -> None:
    """Throw all sums away and make them anew."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM banking_monthtotal")
        cursor.execute(_INSERT.format(source=_ROWS))


def differences() -> list[tuple[object, ...]]:
    """The groups whose stored sum is not the sum of their rows; empty when all is well."""
    kept = "user_id, account_id, currency, basis, month, category_id, kind, total, rows"
    truth = f"SELECT {kept} FROM ({_SUMS.format(source=_ROWS)}) truth"
    stored = f"SELECT {kept} FROM banking_monthtotal"
    with connection.cursor() as cursor:
        cursor.execute(f"({truth} EXCEPT {stored}) UNION ALL ({stored} EXCEPT {truth})")
        return list(cursor.fetchall())


_SQL_MOVE = f"""
    INSERT INTO {MonthTotal._meta.db_table} AS old
        (user_id, account_id, currency, basis, month, category_id, kind, total, rows)
    SELECT user_id, account_id, currency, basis, month, category_id, kind, sum(total), sum(rows)
    FROM unnest(
        %s::bigint[], %s::uuid[], %s::text[], %s::text[], %s::date[], %s::text[], %s::text[],
        %s::numeric[], %s::int[]
    ) AS moved (user_id, account_id, currency, basis, month, category_id, kind, total, rows)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    HAVING sum(total) <> 0 OR sum(rows) <> 0
    ON CONFLICT (account_id, basis, month, category_id, kind, currency)
    DO UPDATE SET total = old.total + excluded.total, rows = old.rows + excluded.rows
"""
_SQL_EMPTY = f"DELETE FROM {MonthTotal._meta.db_table} WHERE account_id = ANY(%s) AND rows = 0 AND total = 0"
# Each live row counts once in each basis, in the month that the basis gives it.
_ROWS = f"""
    FROM banking_transaction row
    CROSS JOIN LATERAL (
        VALUES ('{Basis.COMPETENCE}', row.month_competence), ('{Basis.CASH}', row.month_cash)
    ) AS counted (basis, month)
    WHERE row.deleted_at IS NULL
"""
_SUMS = """
    SELECT row.user_id, row.account_id, row.flow_currency AS currency, counted.basis, counted.month,
           row.category_id, row.kind, sum(row.flow) AS total, count(*) AS rows
    {source}
    GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_INSERT = f"""
    INSERT INTO banking_monthtotal
        (user_id, account_id, currency, basis, month, category_id, kind, total, rows) {_SUMS}
"""
