"""Accounts, transactions and bills as kept: the API's JSON beside the columns that pages are cut by."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dev.sandbox.store import merchants, pages
from dev.sandbox.store.database import Database
from dev.sandbox.store.numbers import Numbers, number
from dev.sandbox.store.packing import dashed, dumps, instant, milliseconds, pack, short, unpack

Json = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One transaction to be written."""

    data: Json
    cents: int  # in the account's currency, with the API's sign
    told: bool = True


@dataclass(frozen=True)
class Kept:
    """One transaction as it is stored."""

    account_id: str
    data: Json
    cents: int
    told: bool


@dataclass(frozen=True)
class Summary:
    """What an account's transactions come to; the dates are ISO instants, None without a row."""

    count: int
    cents: int
    first: str | None
    last: str | None


def save_account(database: Database, data: Json, *, kind: str, position: int, opening_cents: int) -> None:
    """Insert or replace an account."""
    values = (data["id"], data["itemId"], kind, position, data["type"], opening_cents, dumps(data))
    with database.writing() as connection:
        connection.execute("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def accounts(database: Database, item_id: str, type_: str | None = None) -> list[Json]:
    """The accounts of an item, in their usual order."""
    rows = account_rows(database, item_id)
    return [json.loads(row["data"]) for row in rows if type_ is None or row["type"] == type_]


def account_rows(database: Database, item_id: str) -> list[sqlite3.Row]:
    """The accounts of an item with the columns the API does not show."""
    return database.rows("SELECT * FROM accounts WHERE item_id = ? ORDER BY position", item_id)


def account(database: Database, account_id: str) -> sqlite3.Row | None:
    """One account's row."""
    return database.row("SELECT * FROM accounts WHERE id = ?", account_id)


def transaction(database: Database, transaction_id: str) -> Kept | None:
    """One transaction, or None."""
    try:
        row = database.row(f"{WITH_ACCOUNT} WHERE t.id = ?", short(transaction_id))
    except ValueError:
        return None
    return _kept(row) if row else None


def transactions(database: Database, account_id: str) -> list[Json]:
    """Every transaction of an account, newest first, as the API would give them."""
    return [json.loads(row) for row in stream(database, account_id)]


def stream(database: Database, account_id: str, size: int = 2000) -> Iterator[bytes]:
    """The same one by one, as JSON bytes: a million rows need no memory."""
    after = None
    while True:
        found = pages.cut(database, pages.Wanted(account_id, after=after), size)
        yield from found.rows
        after = found.more
        if after is None:
            return


def summary(database: Database, account_id: str) -> Summary:
    """Number, sum and dates of an account's rows."""
    sql = (
        "SELECT COUNT(*), COALESCE(SUM(cents), 0), MIN(date), MAX(date)"
        " FROM transactions INDEXED BY transactions_new WHERE account = ?"
    )
    count, cents, first, last = database.rows(sql, number(database, account_id))[0]
    return Summary(count, cents, *(None if one is None else instant(one) for one in (first, last)))


def save_transactions(database: Database, entries: Iterable[Entry]) -> None:
    """Insert or replace in bulk."""
    named: dict[str, Json] = {}
    with database.writing() as connection:
        numbers = Numbers(database)
        connection.executemany(
            "INSERT OR REPLACE INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (_columns(entry, numbers, named) for entry in entries),
        )
        merchants.remember(database, named.values())


def _columns(entry: Entry, numbers: Numbers, named: dict[str, Json]) -> tuple[Any, ...]:
    data = entry.data
    merchant = data.get("merchant") or {}
    if merchant.get("cnpj"):
        named[merchant["cnpj"]] = merchant
    key = (numbers[data["accountId"]], _moment(data, "date", "createdAt"), short(data["id"]))
    created = _moment(data, "createdAt", "date")
    return (*key, created, entry.cents, data["status"], int(entry.told), pack(data))


def _moment(data: Json, *names: str) -> int:
    """The first of these that can be read: a raw row may say anything, and pages need a place for it."""
    for name in names:
        with suppress(KeyError, TypeError, ValueError, OverflowError):
            return milliseconds(data[name])
    return 0


def delete_transaction(database: Database, kept: Kept) -> None:
    """Remove a transaction and remember its id, so that no later collecting brings it back."""
    row_id = short(kept.data["id"])
    with database.writing() as connection:
        connection.execute("DELETE FROM transactions WHERE id = ?", (row_id,))
        gone = (row_id, number(database, kept.account_id))
        connection.execute("INSERT OR IGNORE INTO gone_transactions VALUES (?, ?)", gone)


def known_ids(database: Database, account_id: str, *, since: str | None = None) -> dict[str, str]:
    """Transaction id → status, of the account's rows dated `since` (an ISO day or instant) or later.

    Ids removed by hand have the status "GONE", whatever their date.
    """
    mine = number(database, account_id)
    least = milliseconds(since) if since else -(1 << 62)
    sql = "SELECT id, status FROM transactions INDEXED BY {} WHERE account = ? AND date >= ?"
    source = "sqlite_autoindex_transactions_1" if since else "transactions_new"
    here = database.rows(sql.format(source), mine, least)
    gone = database.rows("SELECT id FROM gone_transactions WHERE account = ?", mine)
    return {dashed(row["id"]): row["status"] for row in here} | {dashed(row["id"]): "GONE" for row in gone}


def total_cents(database: Database, account_id: str, *, until: str, only: str | None = None) -> int:
    """Sum of the rows dated until then, optionally of one status."""
    sql = (
        "SELECT COALESCE(SUM(cents), 0) AS total FROM transactions INDEXED BY transactions_new"
        " WHERE account = ? AND date <= ? AND (? IS NULL OR status = ?)"
    )
    values = (number(database, account_id), milliseconds(until), only, only)
    return int(database.rows(sql, *values)[0]["total"])


def added_by_hand(database: Database, account_id: str) -> list[Kept]:
    """The rows that the control room added."""
    sql = f"{WITH_ACCOUNT} WHERE t.account = ? AND t.told = 0"
    return [_kept(row) for row in database.rows(sql, number(database, account_id))]


def save_bills(database: Database, account_id: str, bills: Iterable[Json]) -> None:
    """Insert or replace the closed bills of a card."""
    values = [(bill["id"], account_id, bill["dueDate"], dumps(bill)) for bill in bills]
    with database.writing() as connection:
        connection.executemany("INSERT OR REPLACE INTO bills VALUES (?, ?, ?, ?)", values)


def bills(database: Database, account_id: str) -> list[Json]:
    """The closed bills of a card, newest first."""
    sql = "SELECT data FROM bills WHERE account_id = ? ORDER BY due_date DESC"
    return [json.loads(row["data"]) for row in database.rows(sql, account_id)]


def bill(database: Database, bill_id: str) -> Json | None:
    """One bill."""
    found = database.row("SELECT data FROM bills WHERE id = ?", bill_id)
    return json.loads(found["data"]) if found else None


def forget(database: Database, item_id: str) -> None:
    """Remove an item's accounts with everything in them."""
    with database.writing() as connection:
        for row in account_rows(database, item_id):
            for table in ("transactions", "gone_transactions"):
                connection.execute(f"DELETE FROM {table} WHERE account = ?", (number(database, row["id"]),))
            connection.execute("DELETE FROM bills WHERE account_id = ?", (row["id"],))
            connection.execute("DELETE FROM account_numbers WHERE id = ?", (row["id"],))
        connection.execute("DELETE FROM accounts WHERE item_id = ?", (item_id,))


WITH_ACCOUNT = (
    "SELECT a.id AS account_id, t.id, t.cents, t.told, t.data"
    " FROM transactions t JOIN account_numbers a ON a.number = t.account"
)


def _kept(row: sqlite3.Row) -> Kept:
    data = json.loads(unpack(row["data"], row["id"], row["account_id"]))
    return Kept(row["account_id"], data, row["cents"], bool(row["told"]))
