"""Webhooks, events and deliveries. They are stored, so a restart loses none."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from pluggy_sandbox.store.database import Database

Json = dict[str, Any]
FAILURES_BEFORE_DISABLING = 3


@dataclass(frozen=True)
class Target:
    """One delivery to make: the address, and the fault to apply."""

    url: str
    headers: Json
    webhook_id: str | None = None  # None: the webhookUrl of an item
    state: str = "waiting"
    due_at: float = 0.0
    fault: str | None = None


def webhook_json(row: sqlite3.Row) -> Json:
    """Return a webhook in the format of the API."""
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
    """Return all webhooks, oldest first."""
    return [webhook_json(row) for row in database.fetch_all("SELECT * FROM webhooks ORDER BY created_at, id")]


def webhook(database: Database, webhook_id: str) -> Json | None:
    """Return one webhook, or None."""
    row = database.fetch_one("SELECT * FROM webhooks WHERE id = ?", webhook_id)
    return webhook_json(row) if row else None


def save_webhook(database: Database, hook: Json) -> None:
    """Insert or replace a webhook given in the format of the API; its failure count starts again at 0."""
    names = ("id", "event", "url", "headers", "disabledAt", "createdAt", "updatedAt")
    values = [json.dumps(hook[name]) if name == "headers" else hook[name] for name in names]
    with database.write_transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO webhooks VALUES (?, ?, ?, ?, ?, ?, ?, 0)", values)


def delete_webhook(database: Database, webhook_id: str) -> int:
    """Delete a webhook and drop its waiting deliveries; return the number of deleted webhooks."""
    with database.write_transaction() as connection:
        _drop_waiting(connection, webhook_id)
        return connection.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,)).rowcount


def failures(database: Database, webhook_id: str) -> int:
    """Return the number of consecutive deliveries that were given up."""
    row = database.fetch_one("SELECT failures FROM webhooks WHERE id = ?", webhook_id)
    return int(row["failures"]) if row else 0


def add_event(
    database: Database, payload: Json, *, created_at: str, targets: list[Target], fault: str | None = None,
    sent: Json | None = None,
) -> None:  # fmt: skip
    """Store an event and its deliveries; `sent` is their body if it differs from the payload."""
    event_id, item_id = payload["eventId"], payload.get("itemId")
    with database.write_transaction() as connection:
        position = connection.execute("SELECT COALESCE(MAX(position), 0) + 1 FROM events").fetchone()[0]
        text = json.dumps(payload if sent is None else sent, ensure_ascii=False)
        values = (event_id, position, payload["event"], item_id, created_at, text, fault)
        connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        for target in targets:
            add_delivery(database, event_id, target)


def add_delivery(database: Database, event_id: str, target: Target) -> None:
    """Add one delivery at the end of the queue."""
    with database.write_transaction() as connection:
        connection.execute(
            "INSERT INTO deliveries (event_id, position, url, headers, webhook_id, state, due_at, fault)"
            " SELECT ?, COALESCE(MAX(position), 0) + 1, ?, ?, ?, ?, ?, ? FROM deliveries",
            (
                event_id, target.url, json.dumps(target.headers), target.webhook_id, target.state,
                target.due_at, target.fault,
            ),
        )  # fmt: skip


def event(database: Database, event_id: str) -> sqlite3.Row | None:
    """Return the row of one event, or None."""
    return database.fetch_one("SELECT * FROM events WHERE id = ?", event_id)


def waiting(database: Database, *, after_id: int = 0) -> list[sqlite3.Row]:
    """Return the waiting deliveries with an id above `after_id`, in their order."""
    return database.fetch_all(
        "SELECT d.*, e.event FROM deliveries d JOIN events e ON e.id = d.event_id"
        " WHERE d.state = 'waiting' AND d.id > ? ORDER BY d.position, d.id",
        after_id,
    )


def delivery(database: Database, delivery_id: int) -> sqlite3.Row | None:
    """Return a waiting delivery with the payload of its event; None if it no longer waits."""
    return database.fetch_one(
        "SELECT d.*, e.payload, e.event FROM deliveries d JOIN events e ON e.id = d.event_id"
        " WHERE d.id = ? AND d.state = 'waiting'",
        delivery_id,
    )


def record_attempt(
    database: Database,
    delivery: sqlite3.Row,
    *,
    state: str,
    due_at: float,
    attempt: Json,
    counts_as_failure: bool,
) -> None:
    """Store one attempt, the new state of the delivery and, if it counts, the failures of its webhook."""
    with database.write_transaction() as connection:
        connection.execute(
            "UPDATE deliveries SET state = ?, tries = tries + 1, due_at = ? WHERE id = ?",
            (state, due_at, delivery["id"]),
        )
        names = ("at", "status", "error", "milliseconds", "response")
        connection.execute(
            "INSERT INTO attempts (delivery_id, at, status, error, milliseconds, response)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (delivery["id"], *(attempt[name] for name in names)),
        )
        if delivery["webhook_id"] and counts_as_failure:
            _update_webhook_failures(connection, delivery["webhook_id"], state, attempt["at"])


def _update_webhook_failures(connection: sqlite3.Connection, webhook_id: str, state: str, now: str) -> None:
    """Reset the failure count after a success; disable the webhook after too many failures in a row."""
    if state == "delivered":
        sql = "UPDATE webhooks SET failures = 0 WHERE id = ? AND failures > 0"
        connection.execute(sql, (webhook_id,))
    if state != "given_up":
        return
    connection.execute("UPDATE webhooks SET failures = failures + 1 WHERE id = ?", (webhook_id,))
    disabled = connection.execute(
        "UPDATE webhooks SET disabled_at = ? WHERE id = ? AND failures >= ? AND disabled_at IS NULL",
        (now, webhook_id, FAILURES_BEFORE_DISABLING),
    )
    if disabled.rowcount:
        _drop_waiting(connection, webhook_id)


def _drop_waiting(connection: sqlite3.Connection, webhook_id: str) -> None:
    connection.execute(
        "UPDATE deliveries SET state = 'disabled' WHERE state = 'waiting' AND webhook_id = ?", (webhook_id,)
    )


def reorder(database: Database, delivery_ids: list[int]) -> None:
    """Give the waiting deliveries a new order."""
    with database.write_transaction() as connection:
        top = connection.execute("SELECT COALESCE(MAX(position), 0) FROM deliveries").fetchone()[0]
        positions = [
            (top + position, delivery_id) for position, delivery_id in enumerate(delivery_ids, start=1)
        ]
        connection.executemany("UPDATE deliveries SET position = ? WHERE id = ?", positions)
