"""Store many transactions at once: COPY into a temporary table, then one statement that merges them.

The merge statement does five things that must agree with each other, in one round trip:

1. `changed` finds the transactions to write and keeps the values that they have now (columns `was_…`);
2. `written` inserts or updates them;
3. `history` records what users see change;
4. `moved` and `delta` compute how the monthly totals change: minus the old values, plus the new ones;
5. the result has the number written, the first and last date involved, and the deltas.

Example: a stored transaction of -10.00 in the category of restaurants comes with -12.00. `changed` has
signed_amount -12 and was_signed_amount -10; the deltas are +10 with count -1 and -12 with count +1, which add up to
-2 with count 0 for that total.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from msgspec.structs import replace

from banking.ingest.copy_lines import COLUMNS, lines
from banking.ledger import history, reused_ids, splits
from banking.ledger.classification_context import ClassificationContext
from banking.ledger.models import Account, Basis, Transaction, TransactionChange
from banking.ledger.models.monthly_totals import MonthlyTotalDelta
from banking.ledger.monthly_totals import WriteResult
from banking.pluggy import payloads


def store(
    account: Account,
    transactions: Iterable[payloads.Transaction],
    *,
    roots: Mapping[str, str],
    read_at: datetime,
) -> WriteResult:
    """Store transactions of an account inside the caller's database transaction.

    `read_at` is when they were requested. A transaction is written only if something differs, its `updatedAt`
    is not older than the stored one, and it was not removed after `read_at`. The caller holds the lock of the
    connection.
    """
    latest = {transaction.id: transaction for transaction in transactions}
    latest |= {timed.id: timed for timed in _with_times(latest.values(), read_at)}
    latest |= {each.id: each for each in _with_stored_categories(latest.values())}
    set_aside = reused_ids.set_edits_aside(account, latest, read_at=read_at)
    context = ClassificationContext.of(account)
    # All lines are made before COPY begins: during COPY the connection can answer no other query.
    result = merge(lines(account, latest.values(), context=context, roots=roots, read_at=read_at))
    result.deltas += splits.sync_splits(account, roots=roots)
    result.deltas += reused_ids.offer(account, set_aside, roots=roots, now=read_at)
    return result


def _with_times(
    transactions: Iterable[payloads.Transaction], read_at: datetime
) -> list[payloads.Transaction]:
    """Return the transactions that lack `createdAt` or `updatedAt`, with those that are stored.

    So they are neither ignored as older than what is stored, nor written again by each sync. A new transaction
    without `updatedAt` gets the earliest possible one, so that any later answer counts as newer: `read_at` is by
    our clock, which may be ahead of Pluggy's.
    """
    untimed = [each for each in transactions if each.created_at is None or each.updated_at is None]
    if not untimed:
        return []
    stored = Transaction.objects.in_bulk([transaction.id for transaction in untimed])
    timed = []
    for transaction in untimed:
        old = stored.get(transaction.id)
        created_at = transaction.created_at or (old.bank_created_at if old else read_at)
        earliest = transaction.created_at or min(transaction.date, read_at)
        updated_at = transaction.updated_at or (old.bank_updated_at if old else earliest)
        timed.append(replace(transaction, created_at=created_at, updated_at=updated_at))
    return timed


def _with_stored_categories(transactions: Iterable[payloads.Transaction]) -> list[payloads.Transaction]:
    """Return the transactions that no longer have the category that Pluggy sent before, with that category.

    When the trial ends, Pluggy sends no category for any transaction; what it has said stays, unless the
    description is another one.
    """
    uncategorized = {each.id: each for each in transactions if not each.category_id}
    if not uncategorized:
        return []
    stored = Transaction.objects.with_ids(uncategorized).exclude(bank_category_id="").order_by()
    return [
        replace(uncategorized[transaction_id], category_id=category_id)
        for transaction_id, category_id, description in stored.values_list(
            "id", "bank_category_id", "description"
        )
        if uncategorized[transaction_id].description == description
    ]


def merge(copied: str) -> WriteResult:
    """Store what lines() made: one line per id."""
    with connection.cursor() as cursor:
        cursor.execute(SQL_CREATE_INCOMING)
        cursor.execute("TRUNCATE incoming_transaction")
        with cursor.copy(SQL_COPY.format(table="incoming_transaction")) as copy:
            copy.write(copied)
        cursor.execute(SQL_MERGE)
        return _result(cursor.fetchall())


def remove(account: Account, ids: Iterable[UUID], *, roots: Mapping[str, str], now: datetime) -> WriteResult:
    """Turn transactions into tombstones: they count nowhere, and the user's edits on them are kept."""
    with connection.cursor() as cursor:
        cursor.execute(SQL_REMOVE, {"now": now, "account": account.id, "ids": list(ids)})
        result = _result(cursor.fetchall())
    result.deltas += splits.sync_splits(account, roots=roots)
    return result


def _result(records: list[tuple[Any, ...]]) -> WriteResult:
    """Read (count, first date, last date, *delta); at least one record, without a delta if no total changes."""
    count, first, last = records[0][:3]
    deltas = [MonthlyTotalDelta(*delta) for _, _, _, *delta in records if delta[0] is not None]
    return WriteResult(count, deltas, (first, last) if count else None)


def _list(columns: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{column}"' for column in columns)


_KEPT = ("id", "user_id", "account_id", "read_at")
_COMPARED = [column for column in COLUMNS if column not in _KEPT]
_TABLE = Transaction._meta.db_table
_CHANGES_TABLE = TransactionChange._meta.db_table
_BANK = TransactionChange.Source.BANK

SQL_CREATE_INCOMING = f"""
    CREATE TEMP TABLE IF NOT EXISTS incoming_transaction ON COMMIT DELETE ROWS
    AS SELECT {_list(COLUMNS)} FROM {_TABLE} WITH NO DATA
"""
SQL_COPY = f"COPY {{table}} ({_list(COLUMNS)}) FROM STDIN"
# A live transaction counts once in each basis, in the month that the basis gives it.
_SQL_DELTAS = f"""
    SELECT user_id, account_id, currency, basis, month, category_id, kind, sum(total), sum(transaction_count)
    FROM (
        SELECT user_id, account_id, signed_amount_currency AS currency, basis, month, category_id, kind,
               sign * signed_amount AS total, sign AS transaction_count
        FROM moved CROSS JOIN LATERAL (
            VALUES ('{Basis.ACCRUAL}', accrual_month), ('{Basis.CASH}', cash_month)
        ) AS counted (basis, month)
    ) AS each
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    HAVING sum(total) <> 0 OR sum(transaction_count) <> 0
"""
_COUNTED = (
    "local_date",
    "user_id",
    "account_id",
    "signed_amount_currency",
    "accrual_month",
    "cash_month",
    "category_id",
    "kind",
    "signed_amount",
)
_WAS = dict.fromkeys((*_COUNTED, *history.BANK_COLUMNS))
_CHANGED_PAIRS = ", ".join(
    f"'{name}', CASE WHEN was_{name} IS DISTINCT FROM {name}"
    f" THEN jsonb_build_array(was_{name}::text, {name}::text) END"
    for name in history.BANK_COLUMNS
)
# A new transaction has no history yet. `gone` is the history's word for a tombstone.
_SQL_RECORD_CHANGES = f"""
    INSERT INTO {_CHANGES_TABLE} (user_id, transaction_id, source, changes)
    SELECT user_id, id, '{_BANK}', changes
    FROM changed CROSS JOIN LATERAL (
        SELECT jsonb_strip_nulls(jsonb_build_object(
            'gone', CASE WHEN NOT was_live THEN '[true, false]'::jsonb END, {_CHANGED_PAIRS}
        )) AS changes
    ) AS differences
    WHERE was_stored AND changes <> '{{}}'
"""
# `changed` is evaluated before anything is written, so it holds the old values. OFFSET 0 makes PostgreSQL look
# up each transaction by its id: it does not know the size of a temporary table, and would read the whole table
# of all users for each batch if it chose a plain join.
SQL_MERGE = f"""
    WITH changed AS MATERIALIZED (
        SELECT {_list(COLUMNS, "new.")}, {", ".join(f"old.{name} AS was_{name}" for name in _WAS)},
               old.id IS NOT NULL AS was_stored,
               old.id IS NOT NULL AND old.deleted_at IS NULL AS was_live
        FROM incoming_transaction new
        LEFT JOIN LATERAL (SELECT * FROM {_TABLE} WHERE id = new.id OFFSET 0) old ON true
        WHERE old.id IS NULL OR (
            old.account_id = new.account_id
            AND old.user_id = new.user_id
            AND old.bank_updated_at <= new.bank_updated_at
            AND (old.deleted_at IS NULL OR old.deleted_at < new.read_at)
            AND (old.deleted_at IS NOT NULL
                 OR ({_list(_COMPARED, "old.")}) IS DISTINCT FROM ({_list(_COMPARED, "new.")})))
    ), written AS (
        INSERT INTO {_TABLE} AS old ({_list(COLUMNS)}) SELECT {_list(COLUMNS)} FROM changed
        ON CONFLICT (id) DO UPDATE
        SET ({_list([*_COMPARED, "read_at", "deleted_at"])})
          = ({_list([*_COMPARED, "read_at"], "excluded.")}, NULL)
        WHERE old.account_id = excluded.account_id
        RETURNING id
    ), history AS ({_SQL_RECORD_CHANGES}
    ), moved AS (
        SELECT 1 AS sign, {_list(_COUNTED)} FROM changed
        UNION ALL
        SELECT -1, {", ".join(f"was_{name}" for name in _COUNTED)} FROM changed WHERE was_live
    ), delta AS ({_SQL_DELTAS})
    SELECT count.*, dates.*, delta.* FROM (SELECT count(*) FROM written) AS count
    CROSS JOIN (
        SELECT min(least(local_date, was_local_date)), max(greatest(local_date, was_local_date)) FROM changed
    ) AS dates LEFT JOIN delta ON true
"""
SQL_REMOVE = f"""
    WITH removed AS (
        UPDATE {_TABLE} SET deleted_at = %(now)s
        WHERE account_id = %(account)s AND id = ANY(%(ids)s) AND deleted_at IS NULL
        RETURNING *
    ), history AS (
        INSERT INTO {_CHANGES_TABLE} (user_id, transaction_id, source, changes)
        SELECT user_id, id, '{_BANK}', '{{"gone": [false, true]}}' FROM removed
    ), moved AS (
        SELECT -1 AS sign, {_list(_COUNTED)} FROM removed
    ), delta AS ({_SQL_DELTAS})
    SELECT count.*, delta.*
    FROM (SELECT count(*), min(local_date), max(local_date) FROM removed) AS count LEFT JOIN delta ON true
"""
