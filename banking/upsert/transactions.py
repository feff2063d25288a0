"""Rows in bulk: copied into a temporary table, merged in one statement, and told what changed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from banking.models import Account, Basis, Transaction
from banking.models.rollups import Delta
from banking.pluggy import payloads
from banking.upsert import history, parts
from banking.upsert.accounts import facts
from banking.upsert.changes import Changes
from banking.upsert.evidence import Known
from banking.upsert.lines import COLUMNS, lines


def store(
    account: Account,
    rows: Iterable[payloads.Transaction],
    *,
    roots: Mapping[str, str],
    read_at: datetime,
) -> Changes:
    """Write rows (some pages of them) inside the caller's transaction. `read_at`: when they were asked for.

    A row is written only if something differs, the bank's `updatedAt` is not older, and it was not
    removed after it was read. The caller holds the item's lease, so nobody else writes these rows.
    """
    latest = {row.id: row for row in rows}
    known = Known.of(account, facts(account))
    # All lines are made before COPY begins: while it is on, the connection can answer nothing else.
    changes = merge(lines(account, latest.values(), known=known, roots=roots, read_at=read_at))
    changes.deltas += parts.follow(account, roots=roots)
    return changes


def merge(copied: str) -> Changes:
    """Write what `lines` made: one line per id."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL_INCOMING)
        cursor.execute("TRUNCATE incoming_transaction")
        with cursor.copy(SQL_COPY.format(table="incoming_transaction")) as copy:
            copy.write(copied)
        cursor.execute(_SQL_MERGE)
        return _changes(cursor.fetchall())


def remove(account: Account, ids: Iterable[UUID], *, roots: Mapping[str, str], now: datetime) -> Changes:
    """Turn rows into tombstones: they count nowhere, and what the person said about them is kept."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL_REMOVE, {"now": now, "account": account.id, "ids": list(ids)})
        changes = _changes(cursor.fetchall())
    changes.deltas += parts.follow(account, roots=roots)
    return changes


def _changes(rows: list[tuple[Any, ...]]) -> Changes:
    """From (rows, first day, last day, *delta): one line at least, without a delta if no sum has moved."""
    count, first, last = rows[0][:3]
    deltas = [Delta(*delta) for _, _, _, *delta in rows if delta[0] is not None]
    return Changes(count, deltas, (first, last) if count else None)


def _list(columns: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{column}"' for column in columns)


_FIXED = ("id", "user_id", "account_id", "read_at")
_COMPARED = [column for column in COLUMNS if column not in _FIXED]
_TABLE = Transaction._meta.db_table

_SQL_INCOMING = f"""
    CREATE TEMP TABLE IF NOT EXISTS incoming_transaction ON COMMIT DELETE ROWS
    AS SELECT {_list(COLUMNS)} FROM {_TABLE} WITH NO DATA
"""
SQL_COPY = f"COPY {{table}} ({_list(COLUMNS)}) FROM STDIN"
# A live row counts once in each basis, in the month that the basis gives it.
_SQL_DELTAS = f"""
    SELECT user_id, account_id, currency, basis, month, category_id, kind, sum(total), sum(rows)
    FROM (
        SELECT user_id, account_id, flow_currency AS currency, basis, month, category_id, kind,
               sign * flow AS total, sign AS rows
        FROM moved CROSS JOIN LATERAL (
            VALUES ('{Basis.COMPETENCE}', month_competence), ('{Basis.CASH}', month_cash)
        ) AS counted (basis, month)
    ) AS each
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    HAVING sum(total) <> 0 OR sum(rows) <> 0
"""
_COUNTED = (
    "local_date",
    "user_id",
    "account_id",
    "flow_currency",
    "month_competence",
    "month_cash",
    "category_id",
    "kind",
    "flow",
)
_WAS = dict.fromkeys((*_COUNTED, *history.BANKS))
# `changed` is made before anything is written: it holds what the rows were, and so the sums that they leave.
# OFFSET 0 has each row looked up by its id: PostgreSQL knows nothing of a temporary table's size, and for a
# plain join it reads the whole table, of all persons, with each batch.
_SQL_MERGE = f"""
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
    ), told AS ({history.SQL_TELL}
    ), moved AS (
        SELECT 1 AS sign, {_list(_COUNTED)} FROM changed
        UNION ALL
        SELECT -1, {", ".join(f"was_{name}" for name in _COUNTED)} FROM changed WHERE was_live
    ), delta AS ({_SQL_DELTAS})
    SELECT count.*, days.*, delta.* FROM (SELECT count(*) FROM written) AS count
    CROSS JOIN (
        SELECT min(least(local_date, was_local_date)), max(greatest(local_date, was_local_date)) FROM changed
    ) AS days LEFT JOIN delta ON true
"""
_SQL_REMOVE = f"""
    WITH removed AS (
        UPDATE {_TABLE} SET deleted_at = %(now)s
        WHERE account_id = %(account)s AND id = ANY(%(ids)s) AND deleted_at IS NULL
        RETURNING *
    ), told AS ({history.SQL_TELL_GONE}
    ), moved AS (
        SELECT -1 AS sign, {_list(_COUNTED)} FROM removed
    ), delta AS ({_SQL_DELTAS})
    SELECT count.*, delta.*
    FROM (SELECT count(*), min(local_date), max(local_date) FROM removed) AS count LEFT JOIN delta ON true
"""
