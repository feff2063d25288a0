"""Accounts, transactions and bills: the JSON of the API next to the columns used by queries."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pluggy_sandbox.store import merchants, transaction_pages
from pluggy_sandbox.store.account_numbers import AccountNumbers, account_number
from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.packing import dumps, instant, milliseconds, pack, unpack, uuid_bytes, uuid_text

Json = dict[str, Any]


@dataclass(frozen=True)
class LedgerEntry:
    """One transaction to store."""

    data: Json
    cents: int  # in the account's currency, with the API's sign
    generated: bool = True


@dataclass(frozen=True)
class StoredEntry:
    """One transaction as stored."""

    account_id: str
    data: Json
    cents: int
    generated: bool


@dataclass(frozen=True)
class AccountSummary:
    """Totals of an account's transactions; the dates are ISO instants, None without transactions."""

    count: int
    cents: int
    first: str | None
    last: str | None


def save_account(database: Database, data: Json, *, kind: str, position: int, opening_cents: int) -> None:
    """Insert or replace an account."""
    values = (data["id"], data["itemId"], kind, position, str(data.get("type")), opening_cents, dumps(data))
    with database.write_transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def accounts(database: Database, item_id: str, type_: str | None = None) -> list[Json]:
    """Return the accounts of an item in their usual order."""
    rows = account_rows(database, item_id)
    return [json.loads(row["data"]) for row in rows if type_ is None or row["type"] == type_]


def account_rows(database: Database, item_id: str) -> list[sqlite3.Row]:
    """Return the accounts of an item with the columns that the API does not show."""
    return database.fetch_all("SELECT * FROM accounts WHERE item_id = ? ORDER BY position", item_id)


def account(database: Database, account_id: str) -> sqlite3.Row | None:
    """Return the row of one account, or None."""
    return database.fetch_one("SELECT * FROM accounts WHERE id = ?", account_id)


def transaction(database: Database, transaction_id: str) -> StoredEntry | None:
    """Return one transaction, or None."""
    try:
        row = database.fetch_one(f"{WITH_ACCOUNT} WHERE t.id = ?", uuid_bytes(transaction_id))
    except ValueError:
        return None
    return _stored_entry(row) if row else None


def transactions(database: Database, account_id: str) -> list[Json]:
    """Return every transaction of an account, newest first, in the format of the API."""
    return [json.loads(row) for row in iter_transactions(database, account_id)]


def iter_transactions(database: Database, account_id: str, size: int = 2000) -> Iterator[bytes]:
    """Yield the same one by one as JSON bytes, so that a million transactions need little memory."""
    after = None
    while True:
        query = transaction_pages.PageQuery(account_id, after=after)
        page = transaction_pages.fetch_page(database, query, size)
        yield from page.transactions
        after = page.next_cursor
        if after is None:
            return


def summary(database: Database, account_id: str) -> AccountSummary:
    """Return the number, sum and dates of an account's transactions."""
    sql = (
        "SELECT COUNT(*), COALESCE(SUM(cents), 0), MIN(date), MAX(date)"
        " FROM transactions INDEXED BY transactions_new WHERE account = ?"
    )
    count, cents, first, last = database.fetch_all(sql, account_number(database, account_id))[0]
    if not count:
        return AccountSummary(0, 0, None, None)
    return AccountSummary(count, cents, instant(first), instant(last))


def save_transactions(database: Database, entries: Iterable[LedgerEntry]) -> None:
    """Insert or replace many transactions."""
    merchants_by_cnpj: dict[str, Json] = {}
    with database.write_transaction() as connection:
        numbers = AccountNumbers(database)
        connection.executemany(
            "INSERT OR REPLACE INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (_columns(entry, numbers, merchants_by_cnpj) for entry in entries),
        )
        merchants.add(database, merchants_by_cnpj.values())


def _columns(
    entry: LedgerEntry, numbers: AccountNumbers, merchants_by_cnpj: dict[str, Json]
) -> tuple[Any, ...]:
    data = entry.data
    merchant = data.get("merchant")
    if isinstance(merchant, dict) and isinstance(merchant.get("cnpj"), str):
        merchants_by_cnpj[merchant["cnpj"]] = merchant
    key = (numbers[data["accountId"]], _milliseconds(data, "date", "createdAt"), uuid_bytes(data["id"]))
    created = _milliseconds(data, "createdAt", "date")
    status = data.get("status")
    status_text = status if isinstance(status, str) else None
    return (*key, created, entry.cents, status_text, int(entry.generated), pack(data))


def indexed_date(data: Json) -> str:
    """Return the instant under which pages order and filter a transaction: its date, if that can be read."""
    return instant(_milliseconds(data, "date", "createdAt"))


def indexed_creation(data: Json) -> str:
    """Return the instant with which `createdAtFrom` compares: that of the creation, if it can be read."""
    return instant(_milliseconds(data, "createdAt", "date"))


def _milliseconds(data: Json, *names: str) -> int:
    """Return the first of these times that can be parsed, else 0. A raw transaction may contain anything."""
    for name in names:
        with suppress(KeyError, TypeError, ValueError, OverflowError):
            return milliseconds(data[name])
    return 0


def delete_transaction(database: Database, stored: StoredEntry) -> None:
    """Delete a transaction and remember its id, so that no later run adds it again."""
    row_id = uuid_bytes(stored.data["id"])
    with database.write_transaction() as connection:
        connection.execute("DELETE FROM transactions WHERE id = ?", (row_id,))
        deleted = (row_id, account_number(database, stored.account_id))
        connection.execute("INSERT OR IGNORE INTO deleted_transactions VALUES (?, ?)", deleted)


def known_statuses(database: Database, account_id: str, *, since: str | None = None) -> dict[str, str]:
    """Map transaction ids to statuses, for transactions dated `since` (an ISO day or instant) or later.

    Ids that were deleted in the control panel have the status "GONE", whatever their date.
    """
    number_of_account = account_number(database, account_id)
    since_milliseconds = milliseconds(since) if since else -(1 << 62)
    sql = "SELECT id, status FROM transactions INDEXED BY {} WHERE account = ? AND date >= ?"
    source = "sqlite_autoindex_transactions_1" if since else "transactions_new"
    stored = database.fetch_all(sql.format(source), number_of_account, since_milliseconds)
    deleted = database.fetch_all("SELECT id FROM deleted_transactions WHERE account = ?", number_of_account)
    statuses = {uuid_text(row["id"]): row["status"] for row in stored}
    return statuses | {uuid_text(row["id"]): "GONE" for row in deleted}


def total_cents(database: Database, account_id: str, *, until: str, status: str | None = None) -> int:
    """Return the sum of the transactions dated until then, optionally of one status."""
    sql = (
        "SELECT COALESCE(SUM(cents), 0) AS total FROM transactions INDEXED BY transactions_new"
        " WHERE account = ? AND date <= ? AND (? IS NULL OR status = ?)"
    )
    values = (account_number(database, account_id), milliseconds(until), status, status)
    return int(database.fetch_all(sql, *values)[0]["total"])


def manual_entries_of(database: Database, account_id: str) -> list[StoredEntry]:
    """Return the transactions that were added in the control panel."""
    sql = f"{WITH_ACCOUNT} WHERE t.account = ? AND t.generated = 0"
    return [_stored_entry(row) for row in database.fetch_all(sql, account_number(database, account_id))]


def save_bills(database: Database, account_id: str, bills: Iterable[Json]) -> None:
    """Insert or replace closed bills of a card."""
    values = [(bill["id"], account_id, str(bill.get("dueDate") or ""), dumps(bill)) for bill in bills]
    with database.write_transaction() as connection:
        connection.executemany("INSERT OR REPLACE INTO bills VALUES (?, ?, ?, ?)", values)


def bills(database: Database, account_id: str) -> list[Json]:
    """Return the closed bills of a card, newest first."""
    sql = "SELECT data FROM bills WHERE account_id = ? ORDER BY due_date DESC"
    return [json.loads(row["data"]) for row in database.fetch_all(sql, account_id)]


def bill(database: Database, bill_id: str) -> Json | None:
    """Return one bill, or None."""
    row = database.fetch_one("SELECT data FROM bills WHERE id = ?", bill_id)
    return json.loads(row["data"]) if row else None


def delete_item_data(database: Database, item_id: str) -> None:
    """Delete the accounts of an item with everything in them."""
    with database.write_transaction() as connection:
        for row in account_rows(database, item_id):
            for table in ("transactions", "deleted_transactions"):
                number = account_number(database, row["id"])
                connection.execute(f"DELETE FROM {table} WHERE account = ?", (number,))
            connection.execute("DELETE FROM bills WHERE account_id = ?", (row["id"],))
            connection.execute("DELETE FROM account_numbers WHERE id = ?", (row["id"],))
        connection.execute("DELETE FROM accounts WHERE item_id = ?", (item_id,))


WITH_ACCOUNT = (
    "SELECT a.id AS account_id, t.id, t.cents, t.generated, t.data"
    " FROM transactions t JOIN account_numbers a ON a.number = t.account"
)


def _stored_entry(row: sqlite3.Row) -> StoredEntry:
    data = json.loads(unpack(row["data"], row["id"], row["account_id"]))
    return StoredEntry(row["account_id"], data, row["cents"], bool(row["generated"]))
