"""The event log: what was announced, to whom, and how each attempt went, for people and tests to read."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from dev.sandbox.store.database import Database

Json = dict[str, Any]
SHOWN = 2000  # characters of a body that the log shows
HIDDEN = "••••••"


def log(
    database: Database, *, item_id: str | None = None, event: str | None = None, limit: int = 1000
) -> list[Json]:
    """The newest events, oldest first, each with its deliveries and their attempts."""
    where, values = ["1"], []
    for column, wanted in (("item_id", item_id), ("event", event)):
        if wanted:
            where.append(f"{column} = ?")
            values.append(wanted)
    sql = f"SELECT * FROM events WHERE {' AND '.join(where)} ORDER BY position DESC LIMIT ?"
    return _told(database, list(reversed(database.rows(sql, *values, limit))))


def one(database: Database, event_id: str) -> Json | None:
    """One event with the bodies that went out and came back, their first 2,000 characters."""
    found = _told(database, database.rows("SELECT * FROM events WHERE id = ?", event_id), bodies=True)
    return found[0] if found else None


def waiting_count(database: Database) -> int:
    """How many deliveries are still to be made."""
    row = database.row("SELECT COUNT(*) AS n FROM deliveries WHERE state = 'waiting'")
    return int(row["n"]) if row else 0


def _told(database: Database, events: list[sqlite3.Row], *, bodies: bool = False) -> list[Json]:
    """Events with all that belongs to them, in three queries however many they are."""
    deliveries = _below(database, "deliveries", "event_id", (row["id"] for row in events))
    ids = (row["id"] for rows in deliveries.values() for row in rows)
    attempts = _below(database, "attempts", "delivery_id", ids)
    return [
        _event(row, [_delivery(each, attempts[each["id"]], bodies) for each in deliveries[row["id"]]], bodies)
        for row in events
    ]


def _below(
    database: Database, table: str, column: str, ids: Iterable[str | int]
) -> dict[str | int, list[sqlite3.Row]]:
    found: dict[str | int, list[sqlite3.Row]] = defaultdict(list)
    sql = f"SELECT * FROM {table} WHERE {column} IN (SELECT value FROM json_each(?)) ORDER BY id"
    for row in database.rows(sql, json.dumps(list(ids))):
        found[row[column]].append(row)
    return found


def _event(row: sqlite3.Row, deliveries: list[Json], bodies: bool) -> Json:
    told = {
        "eventId": row["id"],
        "event": row["event"],
        "itemId": row["item_id"],
        "createdAt": row["created_at"],
        "fault": row["fault"],
        "payload": json.loads(row["payload"]),
        "deliveries": deliveries,
    }
    return told | {"request": row["payload"][:SHOWN]} if bodies else told


def _delivery(row: sqlite3.Row, attempts: list[sqlite3.Row], bodies: bool) -> Json:
    told = {name: row[name] for name in ("id", "url", "state", "tries", "fault")}
    names = ("at", "status", "error", "milliseconds", *(["response"] if bodies else []))
    told["attempts"] = [{name: attempt[name] for name in names} for attempt in attempts]
    return told | {"headers": masked(json.loads(row["headers"]))} if bodies else told


def masked(headers: Json) -> Json:
    """Headers with their values hidden: they are secrets of the receiver."""
    return dict.fromkeys(headers, HIDDEN)
