"""Pages of an account's transactions, newest first, as JSON bytes."""

from dataclasses import dataclass
from typing import Any

from pluggy_sandbox.store.account_numbers import account_number
from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.packing import instant, milliseconds, unpack, uuid_bytes, uuid_text

INDEX_LIMIT = 20_000  # up to this many matches are sorted; for more, scanning in page order is faster


@dataclass(frozen=True)
class PageQuery:
    """Which transactions of an account are wanted; instants are ISO texts."""

    account_id: str
    ids: list[str] | None = None
    date_from: str | None = None
    date_to: str | None = None
    created_from: str | None = None
    after: tuple[str, str] | None = None  # date and id of the last transaction of the previous page


@dataclass(frozen=True)
class TransactionPage:
    """The transactions of a page as JSON bytes, and the date and id to continue after, None at the end."""

    transactions: list[bytes]
    next_cursor: tuple[str, str] | None


def fetch_page(database: Database, query: PageQuery, size: int) -> TransactionPage:
    """Return the first `size` transactions that match; only these are unpacked."""
    account = account_number(database, query.account_id)
    where, values = _conditions(query)
    sql = (
        f"SELECT id, date, data FROM transactions {_index(database, account, query)}"
        f" WHERE {' AND '.join(['account = ?', *where])} ORDER BY date DESC, id DESC LIMIT ?"
    )
    rows = database.fetch_all(sql, account, *values, size + 1)
    last_row = rows[size - 1] if len(rows) > size else None
    transactions = [unpack(row["data"], row["id"], query.account_id) for row in rows[:size]]
    next_cursor = (instant(last_row["date"]), uuid_text(last_row["id"])) if last_row else None
    return TransactionPage(transactions, next_cursor)


def _conditions(query: PageQuery) -> tuple[list[str], list[Any]]:
    where: list[str] = []
    values: list[Any] = []
    if query.ids is not None:
        where.append(f"id IN ({','.join('?' * len(query.ids))})")
        values += map(uuid_bytes, query.ids)
    for column, minimum in (("date", query.date_from), ("created", query.created_from)):
        if minimum:
            where.append(f"{column} >= ?")
            values.append(milliseconds(minimum))
    if query.date_to:
        where.append("date <= ?")
        values.append(milliseconds(query.date_to))
    if query.after:
        where.append("(date, id) < (?, ?)")
        values += (milliseconds(query.after[0]), uuid_bytes(query.after[1]))
    return where, values


def _index(database: Database, account: int, query: PageQuery) -> str:
    """Choose the index: by id or creation time if few transactions match, else the order of the pages."""
    if query.ids is not None:
        return "INDEXED BY transactions_id"
    if query.created_from is None:
        return ""
    sql = "SELECT 1 FROM transactions WHERE account = ? AND created >= ? LIMIT ?"
    counted = f"SELECT COUNT(*) AS many FROM ({sql})"
    count = database.fetch_all(counted, account, milliseconds(query.created_from), INDEX_LIMIT)[0]["many"]
    return "INDEXED BY transactions_new" if count < INDEX_LIMIT else ""
