"""Recompute the derived sums of exactly the groups that changed; rebuild() from nothing gives the same."""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

from banking.models import Basis
from banking.upsert.transactions import Group


def recompute(groups: Iterable[Group]) -> None:
    """Sum the touched (account, basis, month) groups again, in the caller's transaction."""
    wanted = list(groups)
    if not wanted:
        return
    parameters: dict[str, Any] = {
        "accounts": [account for account, _, _ in wanted],
        "bases": [str(basis) for _, basis, _ in wanted],
        "months": [month for _, _, month in wanted],
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_TOUCHED} DELETE FROM banking_monthtotal old USING touched {_OF_TOUCHED}", parameters
        )
        cursor.execute(_TOUCHED + _INSERT.format(source=_ROWS + _ONLY_TOUCHED), parameters)


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


_TOUCHED = """
    WITH touched AS (
        SELECT * FROM unnest(%(accounts)s::uuid[], %(bases)s::text[], %(months)s::date[])
                      AS touched (account_id, basis, month)
    )
"""
_OF_TOUCHED = """
    WHERE old.account_id = touched.account_id AND old.basis = touched.basis AND old.month = touched.month
"""
# Each live row counts once in each basis, in the month that the basis gives it.
_ROWS = f"""
    FROM banking_transaction row
    CROSS JOIN LATERAL (
        VALUES ('{Basis.COMPETENCE}', row.month_competence), ('{Basis.CASH}', row.month_cash)
    ) AS counted (basis, month)
    WHERE row.deleted_at IS NULL
"""
_ONLY_TOUCHED = """
    AND row.account_id IN (SELECT account_id FROM touched)
    AND (row.account_id, counted.basis, counted.month) IN (SELECT account_id, basis, month FROM touched)
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
