"""Pages of an account's transactions, newest first, as the JSON bytes that leave."""

from dataclasses import dataclass
from typing import Any

from dev.sandbox.store.database import Database
from dev.sandbox.store.numbers import number
from dev.sandbox.store.packing import dashed, instant, milliseconds, short, unpack

FEW = 20_000  # up to so many new rows are sorted; more are met on the way through the pages


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


def cut(database: Database, wanted: Wanted, size: int) -> Page:
    """The first `size` wanted rows; the store reads them side by side and unpacks only those."""
    account = number(database, wanted.account_id)
    where, values = _conditions(wanted)
    sql = (
        f"SELECT id, date, data FROM transactions {_index(database, account, wanted)}"
        f" WHERE {' AND '.join(['account = ?', *where])} ORDER BY date DESC, id DESC LIMIT ?"
    )
    rows = database.rows(sql, account, *values, size + 1)
    last = rows[size - 1] if len(rows) > size else None
    found = [unpack(row["data"], row["id"], wanted.account_id) for row in rows[:size]]
    return Page(found, (instant(last["date"]), dashed(last["id"])) if last else None)


def _conditions(wanted: Wanted) -> tuple[list[str], list[Any]]:
    where: list[str] = []
    values: list[Any] = []
    if wanted.ids is not None:
        where.append(f"id IN ({','.join('?' * len(wanted.ids))})")
        values += map(short, wanted.ids)
    for column, least in (("date", wanted.date_from), ("created", wanted.created_from)):
        if least:
            where.append(f"{column} >= ?")
            values.append(milliseconds(least))
    if wanted.date_to:
        where.append("date <= ?")
        values.append(milliseconds(wanted.date_to))
    if wanted.after:
        where.append("(date, id) < (?, ?)")
        values += (milliseconds(wanted.after[0]), short(wanted.after[1]))
    return where, values


def _index(database: Database, account: int, wanted: Wanted) -> str:
    """Where few rows are wanted, the way to them; else they are met in the order of the pages."""
    if wanted.ids is not None:
        return "INDEXED BY transactions_id"
    if wanted.created_from is None:
        return ""
    sql = "SELECT 1 FROM transactions WHERE account = ? AND created >= ? LIMIT ?"
    counted = f"SELECT COUNT(*) AS many FROM ({sql})"
    many = database.rows(counted, account, milliseconds(wanted.created_from), FEW)[0]["many"]
    return "INDEXED BY transactions_new" if many < FEW else ""
