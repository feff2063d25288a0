"""Accounts, transactions and bills as kept: the API's JSON beside the columns that pages are cut by."""

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from dev.sandbox.clock import iso, parse
from dev.sandbox.store import merchants
from dev.sandbox.store.database import Database
from dev.sandbox.store.packing import dashed, dumps, pack, short, unpack

Json = dict[str, Any]
EPOCH, MILLISECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(milliseconds=1)
FEW = 20_000  # up to so many new rows are sorted; more are found on the way through the pages


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


@dataclass(frozen=True)
class Wanted:
    """Which transactions of an account a page is cut from, newest first; instants are ISO texts."""

    account_id: str
    ids: list[str] | None = None
    date_from: str | None = None
    date_to: str | None = None
    created_from: str | None = None
    after: tuple[str, str] | None = None  # date and id of the last row already seen


@dataclass(frozen=True)
class Page:
    """A page's rows as JSON bytes, and the date and id to go on after, None at the end."""

    rows: list[bytes]
    more: tuple[str, str] | None


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
        found = page(database, Wanted(account_id, after=after), size)
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
    count, cents, first, last = database.rows(sql, _number(database, account_id))[0]
    return Summary(count, cents, first and _iso(first), last and _iso(last))


def page(database: Database, wanted: Wanted, size: int) -> Page:
    """The first `size` wanted rows; the store reads them side by side and unpacks only those."""
    number = _number(database, wanted.account_id)
    where, values = _conditions(wanted)
    sql = (
        f"SELECT id, date, data FROM transactions {_index(database, number, wanted)}"
        f" WHERE {' AND '.join(['account = ?', *where])} ORDER BY date DESC, id DESC LIMIT ?"
    )
    rows = database.rows(sql, number, *values, size + 1)
    last = rows[size - 1] if len(rows) > size else None
    found = [unpack(row["data"], row["id"], wanted.account_id) for row in rows[:size]]
    return Page(found, (_iso(last["date"]), dashed(last["id"])) if last else None)


def _conditions(wanted: Wanted) -> tuple[list[str], list[Any]]:
    where: list[str] = []
    values: list[Any] = []
    if wanted.ids is not None:
        where.append(f"id IN ({','.join('?' * len(wanted.ids))})")
        values += map(short, wanted.ids)
    for column, least in (("date", wanted.date_from), ("created", wanted.created_from)):
        if least:
            where.append(f"{column} >= ?")
            values.append(_milliseconds(least))
    if wanted.date_to:
        where.append("date <= ?")
        values.append(_milliseconds(wanted.date_to))
    if wanted.after:
        where.append("(date, id) < (?, ?)")
        values += (_milliseconds(wanted.after[0]), short(wanted.after[1]))
    return where, values


def _index(database: Database, number: int, wanted: Wanted) -> str:
    """Where few rows are wanted, the way to them; else they are met in the order of the pages."""
    if wanted.ids is not None:
        return "INDEXED BY transactions_id"
    if wanted.created_from is None:
        return ""
    sql = "SELECT 1 FROM transactions WHERE account = ? AND created >= ? LIMIT ?"
    counted = f"SELECT COUNT(*) AS many FROM ({sql})"
    many = database.rows(counted, number, _milliseconds(wanted.created_from), FEW)[0]["many"]
    return "INDEXED BY transactions_new" if many < FEW else ""


def save_transactions(database: Database, entries: Iterable[Entry]) -> None:
    """Insert or replace in bulk."""
    named: dict[str, Json] = {}
    with database.writing() as connection:
        numbers = _Numbers(database)
        connection.executemany(
            "INSERT OR REPLACE INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (_columns(entry, numbers, named) for entry in entries),
        )
        merchants.remember(database, named.values())


def _columns(entry: Entry, numbers: "_Numbers", named: dict[str, Json]) -> tuple[Any, ...]:
    data = entry.data
    merchant = data.get("merchant") or {}
    if merchant.get("cnpj"):
        named[merchant["cnpj"]] = merchant
    key = (numbers[data["accountId"]], _milliseconds(data["date"]), short(data["id"]))
    return (*key, _milliseconds(data["createdAt"]), entry.cents, data["status"], int(entry.told), pack(data))


def delete_transaction(database: Database, kept: Kept) -> None:
    """Remove a transaction and remember its id, so that no later collecting brings it back."""
    row_id = short(kept.data["id"])
    with database.writing() as connection:
        connection.execute("DELETE FROM transactions WHERE id = ?", (row_id,))
        gone = (row_id, _number(database, kept.account_id))
        connection.execute("INSERT OR IGNORE INTO gone_transactions VALUES (?, ?)", gone)


def known_ids(database: Database, account_id: str, *, since: str | None = None) -> dict[str, str]:
    """Transaction id → status, of the account's rows dated `since` (an ISO day or instant) or later.

    Ids removed by hand have the status "GONE", whatever their date.
    """
    number = _number(database, account_id)
    least = _milliseconds(since) if since else -(1 << 62)
    sql = "SELECT id, status FROM transactions INDEXED BY {} WHERE account = ? AND date >= ?"
    source = "sqlite_autoindex_transactions_1" if since else "transactions_new"
    here = database.rows(sql.format(source), number, least)
    gone = database.rows("SELECT id FROM gone_transactions WHERE account = ?", number)
    return {dashed(row["id"]): row["status"] for row in here} | {dashed(row["id"]): "GONE" for row in gone}


def total_cents(database: Database, account_id: str, *, until: str, only: str | None = None) -> int:
    """Sum of the rows dated until then, optionally of one status."""
    sql = (
        "SELECT COALESCE(SUM(cents), 0) AS total FROM transactions INDEXED BY transactions_new"
        " WHERE account = ? AND date <= ? AND (? IS NULL OR status = ?)"
    )
    values = (_number(database, account_id), _milliseconds(until), only, only)
    return int(database.rows(sql, *values)[0]["total"])


def added_by_hand(database: Database, account_id: str) -> list[Kept]:
    """The rows that the control room added."""
    sql = f"{WITH_ACCOUNT} WHERE t.account = ? AND t.told = 0"
    return [_kept(row) for row in database.rows(sql, _number(database, account_id))]


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
                connection.execute(f"DELETE FROM {table} WHERE account = ?", (_number(database, row["id"]),))
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


def _number(database: Database, account_id: str) -> int:
    """The account's short key; 0, which no account has, when it has no transaction yet."""
    found = database.row("SELECT number FROM account_numbers WHERE id = ?", account_id)
    return int(found["number"]) if found else 0


class _Numbers(dict[str, int]):
    """The short key of each account, given at its first transaction; for use while writing."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def __missing__(self, account_id: str) -> int:
        sql = "INSERT OR IGNORE INTO account_numbers (id) VALUES (?)"
        self.database.connection.execute(sql, (account_id,))
        self[account_id] = _number(self.database, account_id)
        return self[account_id]


def _milliseconds(instant: str) -> int:
    return (parse(instant) - EPOCH) // MILLISECOND


def _iso(milliseconds: int) -> str:
    return iso(EPOCH + milliseconds * MILLISECOND)
