"""Items as kept: the public state, the login that was given (never a password), and the run that is open."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from dev.sandbox.store.database import Database

Json = dict[str, Any]


@dataclass
class Run:
    """A collecting run: the steps still to do, who asked for it, and how the bank will answer the login."""

    kind: str  # "first" or "update"
    triggered_by: str
    steps: list[str]


@dataclass
class Item:
    """One connection of one person with one institution."""

    id: str
    connector_id: int
    created_at: str
    updated_at: str
    client_user_id: str | None = None
    webhook_url: str | None = None
    oauth_redirect_uri: str | None = None
    token_id: str | None = None
    products: list[str] = field(default_factory=list)
    user: str = ""
    outcome: str = "SUCCESS"
    fingerprint: str = ""
    status: str = "UPDATING"
    execution_status: str = "CREATED"
    error: Json | None = None
    parameter: Json | None = None
    user_action: Json | None = None
    status_detail: Json | None = None
    last_updated_at: str | None = None
    next_auto_sync_at: str | None = None
    failed_logins: int = 0
    ever_collected: bool = False
    opened_on: str = ""
    mfa_accepted: bool = True
    special: str = ""  # what the login asks for beyond an ordinary life: "perf-100x", "multi-company", ...
    failing: list[str] = field(default_factory=list)  # products that runs cannot collect: PARTIAL_SUCCESS
    person: str = ""  # whose life it shows, fixed by the first run
    collected_at: str = ""  # the last run that collected everything
    loaded: bool = False  # came from a file: no life is told for it
    run: Run | None = None


def load(database: Database, item_id: str) -> Item | None:
    """The item, or None."""
    found = database.row("SELECT data FROM items WHERE id = ?", item_id)
    return _item(found["data"]) if found else None


def everyone(database: Database) -> list[Item]:
    """All items, oldest first."""
    return [_item(row["data"]) for row in database.rows("SELECT data FROM items ORDER BY created_at, id")]


def save(database: Database, item: Item, *, due_at: float | None) -> None:
    """Write the item; `due_at` (Unix seconds) wakes its run, None closes it."""
    with database.writing() as connection:
        connection.execute(
            "INSERT INTO items VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, data = excluded.data",
            (item.id, item.created_at, due_at, json.dumps(asdict(item), ensure_ascii=False)),
        )


def delete(database: Database, item_id: str) -> None:
    """Remove the item and all that was collected for it; remember only that it existed."""
    accounts = "SELECT id FROM accounts WHERE item_id = ?"
    with database.writing() as connection:
        for table in ("transactions", "gone_transactions", "bills"):
            connection.execute(f"DELETE FROM {table} WHERE account_id IN ({accounts})", (item_id,))
        for table in ("accounts", "records"):
            connection.execute(f"DELETE FROM {table} WHERE item_id = ?", (item_id,))
        connection.execute("DELETE FROM items WHERE id = ?", (item_id,))
        connection.execute("INSERT OR IGNORE INTO gone_items VALUES (?)", (item_id,))


def existed(database: Database, item_id: str) -> bool:
    """Whether the item was there once and was deleted."""
    return database.row("SELECT 1 FROM gone_items WHERE id = ?", item_id) is not None


def next_due(database: Database) -> tuple[str, float] | None:
    """The item whose run has to move next, and when."""
    found = database.row("SELECT id, due_at FROM items WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1")
    return (found["id"], found["due_at"]) if found else None


def _item(text: str) -> Item:
    data = json.loads(text)
    run = data.pop("run")
    return Item(**data, run=Run(**run) if run else None)
