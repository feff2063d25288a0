"""The event log: published events with their deliveries and attempts."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from pluggy_sandbox.store.database import Database

Json = dict[str, Any]
MAX_BODY_CHARACTERS = 2000  # of a request or response body
MASK = "••••••"


def log(
    database: Database, *, item_id: str | None = None, event: str | None = None, limit: int = 1000
) -> list[Json]:
    """Return the newest events, oldest first, each with its deliveries and their attempts."""
    where, values = ["1"], []
    for column, value in (("item_id", item_id), ("event", event)):
        if value:
            where.append(f"{column} = ?")
            values.append(value)
    sql = f"SELECT * FROM events WHERE {' AND '.join(where)} ORDER BY position DESC LIMIT ?"
    return _with_deliveries(database, list(reversed(database.fetch_all(sql, *values, limit))))


def get(database: Database, event_id: str) -> Json | None:
    """Return one event with the first 2,000 characters of the request and response bodies, or None."""
    rows = database.fetch_all("SELECT * FROM events WHERE id = ?", event_id)
    events = _with_deliveries(database, rows, bodies=True)
    return events[0] if events else None


def waiting_count(database: Database) -> int:
    """Return the number of deliveries that are still to be made."""
    row = database.fetch_one("SELECT COUNT(*) AS n FROM deliveries WHERE state = 'waiting'")
    return int(row["n"]) if row else 0


def _with_deliveries(database: Database, events: list[sqlite3.Row], *, bodies: bool = False) -> list[Json]:
    """Return events with everything that belongs to them, in three queries."""
    deliveries = _children_by_parent(database, "deliveries", "event_id", (row["id"] for row in events))
    ids = (row["id"] for rows in deliveries.values() for row in rows)
    attempts = _children_by_parent(database, "attempts", "delivery_id", ids)
    delivery_jsons = {
        event_id: [_delivery(row, attempts[row["id"]], bodies) for row in rows]
        for event_id, rows in deliveries.items()
    }
    return [_event(row, delivery_jsons.get(row["id"], []), bodies) for row in events]


def _children_by_parent(
    database: Database, table: str, column: str, ids: Iterable[str | int]
) -> dict[str | int, list[sqlite3.Row]]:
    children: dict[str | int, list[sqlite3.Row]] = defaultdict(list)
    sql = f"SELECT * FROM {table} WHERE {column} IN (SELECT value FROM json_each(?)) ORDER BY id"
    for row in database.fetch_all(sql, json.dumps(list(ids))):
        children[row[column]].append(row)
    return children


def _event(row: sqlite3.Row, deliveries: list[Json], bodies: bool) -> Json:
    event_json = {
        "eventId": row["id"],
        "event": row["event"],
        "itemId": row["item_id"],
        "createdAt": row["created_at"],
        "fault": row["fault"],
        "payload": json.loads(row["payload"]),
        "deliveries": deliveries,
    }
    return event_json | {"request": row["payload"][:MAX_BODY_CHARACTERS]} if bodies else event_json


def _delivery(row: sqlite3.Row, attempts: list[sqlite3.Row], bodies: bool) -> Json:
    delivery_json = {name: row[name] for name in ("id", "url", "state", "tries", "fault")}
    names = ("at", "status", "error", "milliseconds", *(["response"] if bodies else []))
    delivery_json["attempts"] = [{name: attempt[name] for name in names} for attempt in attempts]
    return delivery_json | {"headers": masked(json.loads(row["headers"]))} if bodies else delivery_json


def masked(headers: Json) -> Json:
    """Return the headers with their values hidden, because they may be secrets of the receiver."""
    return dict.fromkeys(headers, MASK)
