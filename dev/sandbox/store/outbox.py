"""Webhooks, events, deliveries and attempts as kept: nothing that was announced is lost by a restart."""

import json
import sqlite3
from typing import Any

from dev.sandbox.store.database import Database

Json = dict[str, Any]


def webhook_json(row: sqlite3.Row) -> Json:
    """A webhook as the API gives it."""
    return {
        "id": row["id"],
        "event": row["event"],
        "url": row["url"],
        "headers": json.loads(row["headers"]),
        "disabledAt": row["disabled_at"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }


def webhooks(database: Database) -> list[Json]:
    """All webhooks, oldest first."""
    return [webhook_json(row) for row in database.rows("SELECT * FROM webhooks ORDER BY created_at, id")]


def webhook(database: Database, webhook_id: str) -> Json | None:
    """One webhook, or None."""
    row = database.row("SELECT * FROM webhooks WHERE id = ?", webhook_id)
    return webhook_json(row) if row else None


def save_webhook(database: Database, hook: Json) -> None:
    """Insert or replace a webhook given as its API JSON."""
    names = ("id", "event", "url", "headers", "disabledAt", "createdAt", "updatedAt")
    values = [json.dumps(hook[name]) if name == "headers" else hook[name] for name in names]
    with database.writing() as connection:
        connection.execute("INSERT OR REPLACE INTO webhooks VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def delete_webhook(database: Database, webhook_id: str) -> int:
    """How many were removed."""
    with database.writing() as connection:
        return connection.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,)).rowcount


def add_event(database: Database, payload: Json, *, created_at: str, targets: list[tuple[str, Json]]) -> None:
    """Store an event and one waiting delivery per (url, headers)."""
    event_id, item_id = payload["eventId"], payload.get("itemId")
    with database.writing() as connection:
        position = connection.execute("SELECT COALESCE(MAX(position), 0) + 1 FROM events").fetchone()[0]
        text = json.dumps(payload, ensure_ascii=False)
        values = (event_id, position, payload["event"], item_id, created_at, text)
        connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", values)
    for url, headers in targets:
        add_delivery(database, event_id, url, headers)


def add_delivery(database: Database, event_id: str, url: str, headers: Json) -> None:
    """One more delivery at the end of the queue, due at once."""
    with database.writing() as connection:
        connection.execute(
            "INSERT INTO deliveries (event_id, position, url, headers, state, due_at)"
            " SELECT ?, COALESCE(MAX(position), 0) + 1, ?, ?, 'waiting', 0 FROM deliveries",
            (event_id, url, json.dumps(headers)),
        )


def event(database: Database, event_id: str) -> sqlite3.Row | None:
    """One event's row."""
    return database.row("SELECT * FROM events WHERE id = ?", event_id)


def waiting(database: Database) -> list[sqlite3.Row]:
    """Deliveries still to be made, in their order, with the payload."""
    return database.rows(
        "SELECT d.*, e.payload, e.event FROM deliveries d JOIN events e ON e.id = d.event_id"
        " WHERE d.state = 'waiting' ORDER BY d.position, d.id"
    )


def settle(database: Database, delivery_id: int, *, state: str, due_at: float, attempt: Json) -> None:
    """Write down one attempt and what became of the delivery."""
    with database.writing() as connection:
        connection.execute(
            "UPDATE deliveries SET state = ?, tries = tries + 1, due_at = ? WHERE id = ?",
            (state, due_at, delivery_id),
        )
        connection.execute(
            "INSERT INTO attempts (delivery_id, at, status, error, milliseconds) VALUES (?, ?, ?, ?, ?)",
            (delivery_id, attempt["at"], attempt["status"], attempt["error"], attempt["milliseconds"]),
        )


def reorder(database: Database, delivery_ids: list[int]) -> None:
    """Give the waiting deliveries a new order."""
    with database.writing() as connection:
        top = connection.execute("SELECT COALESCE(MAX(position), 0) FROM deliveries").fetchone()[0]
        places = [(top + place, delivery_id) for place, delivery_id in enumerate(delivery_ids, start=1)]
        connection.executemany("UPDATE deliveries SET position = ? WHERE id = ?", places)


def log(database: Database, *, item_id: str | None = None, limit: int = 1000) -> list[Json]:
    """Events, oldest first, each with its deliveries and their attempts."""
    where, values = ("WHERE item_id = ?", [item_id]) if item_id else ("", [])
    sql = f"SELECT * FROM events {where} ORDER BY position DESC LIMIT ?"
    rows = reversed(database.rows(sql, *values, limit))
    return [_event_json(database, row) for row in rows]


def _event_json(database: Database, row: sqlite3.Row) -> Json:
    deliveries = database.rows("SELECT * FROM deliveries WHERE event_id = ? ORDER BY id", row["id"])
    return {
        "eventId": row["id"],
        "event": row["event"],
        "itemId": row["item_id"],
        "createdAt": row["created_at"],
        "payload": json.loads(row["payload"]),
        "deliveries": [_delivery_json(database, delivery) for delivery in deliveries],
    }


def _delivery_json(database: Database, row: sqlite3.Row) -> Json:
    sql = "SELECT at, status, error, milliseconds FROM attempts WHERE delivery_id = ? ORDER BY id"
    attempts = [dict(attempt) for attempt in database.rows(sql, row["id"])]
    return {name: row[name] for name in ("id", "url", "state", "tries")} | {"attempts": attempts}
