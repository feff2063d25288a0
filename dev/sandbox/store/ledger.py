"""Accounts, transactions and bills as kept: the API's JSON beside the columns that pages are cut by."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dev.sandbox.store.database import Database

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


def dumps(data: Json) -> str:
    """JSON as it leaves: compact, readable accents."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


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
    row = database.row("SELECT * FROM transactions WHERE id = ?", transaction_id)
    return Kept(row["account_id"], json.loads(row["data"]), row["cents"], bool(row["told"])) if row else None


def transactions(database: Database, account_id: str) -> list[Json]:
    """Every transaction of an account, newest first, as the API would give them."""
    sql = "SELECT data FROM transactions WHERE account_id = ? ORDER BY date DESC, id DESC"
    return [json.loads(row["data"]) for row in database.rows(sql, account_id)]


def save_transactions(database: Database, entries: Iterable[Entry]) -> None:
    """Insert or replace in bulk."""
    with database.writing() as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_columns, entries)
        )


def _columns(entry: Entry) -> tuple[Any, ...]:
    data = entry.data
    bill = (data["creditCardMetadata"] or {}).get("billId")
    key = (data["id"], data["accountId"], data["date"], data["createdAt"])
    return (*key, entry.cents, data["status"], bill, int(entry.told), dumps(data))


def delete_transaction(database: Database, kept: Kept) -> None:
    """Remove a transaction and remember its id, so that no later collecting brings it back."""
    gone = (kept.data["id"], kept.account_id)
    with database.writing() as connection:
        connection.execute("DELETE FROM transactions WHERE id = ?", gone[:1])
        connection.execute("INSERT OR IGNORE INTO gone_transactions VALUES (?, ?)", gone)


def known_ids(database: Database, account_id: str, *, since: str = "") -> dict[str, str]:
    """Transaction id → status, of an account from a date on; ids that are gone have the status "GONE"."""
    sql = "SELECT id, status FROM transactions WHERE account_id = ? AND date >= ?"
    here = database.rows(sql, account_id, since)
    gone = database.rows("SELECT id FROM gone_transactions WHERE account_id = ?", account_id)
    return {row["id"]: row["status"] for row in here} | {row["id"]: "GONE" for row in gone}


def total_cents(database: Database, account_id: str, *, until: str, only: str | None = None) -> int:
    """Sum of the rows dated until then, optionally of one status."""
    sql = "SELECT COALESCE(SUM(cents), 0) AS total FROM transactions WHERE account_id = ? AND date <= ?"
    values = [account_id, until]
    if only:
        sql, values = sql + " AND status = ?", [*values, only]
    found = database.row(sql, *values)
    return int(found["total"]) if found else 0


def added_by_hand(database: Database, account_id: str) -> list[Kept]:
    """The rows that the control room added."""
    rows = database.rows("SELECT * FROM transactions WHERE account_id = ? AND told = 0", account_id)
    return [Kept(account_id, json.loads(row["data"]), row["cents"], told=False) for row in rows]


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
