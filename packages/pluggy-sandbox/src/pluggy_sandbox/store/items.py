"""Items: the public state, the login (never a password), and the open run."""

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from pluggy_sandbox.store import ledger
from pluggy_sandbox.store.database import Database

Json = dict[str, Any]


@dataclass
class Run:
    """A run: the steps that remain, and who started it."""

    kind: str  # "first" or "update"
    triggered_by: str
    steps: list[str]
    opened_at: str = ""


@dataclass
class Item:
    """One connection of one user with one institution."""

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
    history_start: str = ""
    mfa_accepted: bool = True
    provider_message: str | None = None  # the institution's message for its error
    challenge: str = ""  # what the login asks for besides the password: "image", "select", ...
    consent: str = ""  # at the institution: "" not yet, "given", "ended", "renewing" (ended, asked for again)
    renewal_needs_login: bool = False  # an ended consent is asked for again only after new parameters
    consent_expires_at: str | None = None
    authorization_key: str = ""  # the secret in the address of the bank's page
    second_approval: str = ""  # the decision of the other holders: "granted", "refused"
    authorization_asked_at: str | None = None  # when USER_AUTHORIZATION_PENDING began
    resources_pending: bool = False
    auto_sync: bool = True  # false: switched off by the API
    sync_failures: int = 0  # consecutive failed runs
    products_with_warnings: list[str] = field(default_factory=list)  # collected with a warning
    variant: str = ""  # "perf-100x", "multi-company", ...; empty: an ordinary customer
    failing_products: list[str] = field(default_factory=list)  # runs cannot collect these: PARTIAL_SUCCESS
    person: str = ""  # the person whose data it shows, fixed by the first run
    collected_at: str = ""  # the time of the last run that collected everything
    last_bulk_number: int = 0  # for the variant "perf-{N}x": the number of the last stored transaction
    unannounced_count: int = 0  # and how many of them no event has reported yet
    from_file: bool = False  # loaded from a file; nothing is generated for it
    read_at: dict[str, str] = field(default_factory=dict)  # what was read, and when (runs/reading_rates.py)
    run: Run | None = None

    @property
    def consent_ended(self) -> bool:
        """Return whether the user has withdrawn the consent. The data of the item must then not be read."""
        return self.consent in ("ended", "renewing") or self.execution_status == "USER_AUTHORIZATION_REVOKED"


FIELD_NAMES = {item_field.name for item_field in fields(Item)}


def load(database: Database, item_id: str) -> Item | None:
    """Return the item, or None."""
    row = database.fetch_one("SELECT data FROM items WHERE id = ?", item_id)
    return _item(row["data"]) if row else None


def all_items(database: Database) -> list[Item]:
    """Return all items, oldest first."""
    return [
        _item(row["data"]) for row in database.fetch_all("SELECT data FROM items ORDER BY created_at, id")
    ]


def count(database: Database) -> int:
    """Return the number of items."""
    return int(database.fetch_all("SELECT COUNT(*) AS many FROM items")[0]["many"])


def save(database: Database, item: Item, *, due_at: float | None) -> None:
    """Store the item. Its run continues at `due_at` (Unix seconds); None closes it."""
    with database.write_transaction() as connection:
        connection.execute(
            "INSERT INTO items VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, data = excluded.data",
            (item.id, item.created_at, due_at, json.dumps(asdict(item), ensure_ascii=False)),
        )


def update(database: Database, item: Item) -> None:
    """Store the item without changing when its run continues."""
    row = database.fetch_one("SELECT due_at FROM items WHERE id = ?", item.id)
    save(database, item, due_at=row["due_at"] if row else None)


def delete(database: Database, item_id: str) -> None:
    """Delete the item and everything collected for it; only the fact that it existed is kept."""
    with database.write_transaction() as connection:
        clear_data(database, item_id)
        connection.execute("DELETE FROM items WHERE id = ?", (item_id,))
        connection.execute("INSERT OR IGNORE INTO deleted_items VALUES (?)", (item_id,))


def clear_data(database: Database, item_id: str) -> None:
    """Delete everything collected for the item, but not the item."""
    with database.write_transaction() as connection:
        ledger.delete_item_data(database, item_id)
        connection.execute("DELETE FROM records WHERE item_id = ?", (item_id,))


def restore(database: Database, item_id: str) -> None:
    """Forget that an item of this id was deleted, because it exists again."""
    with database.write_transaction() as connection:
        connection.execute("DELETE FROM deleted_items WHERE id = ?", (item_id,))


def was_deleted(database: Database, item_id: str) -> bool:
    """Return whether the item existed and was deleted."""
    return database.fetch_one("SELECT 1 FROM deleted_items WHERE id = ?", item_id) is not None


def next_due(database: Database) -> tuple[str, float] | None:
    """Return the item whose run continues next, and when."""
    row = database.fetch_one("SELECT id, due_at FROM items WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1")
    return (row["id"], row["due_at"]) if row else None


def by_authorization_key(database: Database, authorization_key: str) -> Item | None:
    """Return the item whose page at the bank has this secret address, or None."""
    sql = "SELECT data FROM items WHERE json_extract(data, '$.authorization_key') = ?"
    row = database.fetch_one(sql, authorization_key) if authorization_key else None
    return _item(row["data"]) if row else None


def waiting(database: Database) -> list[Item]:
    """Return the items whose run waits for the user."""
    sql = "SELECT data FROM items WHERE json_extract(data, '$.status') LIKE 'WAITING%' AND due_at IS NOT NULL"
    return [_item(row["data"]) for row in database.fetch_all(sql)]


def with_expired_consent(database: Database, now: str) -> list[str]:
    """Return the ids of items whose consent has expired at this simulated instant."""
    sql = "SELECT id FROM items WHERE json_extract(data, '$.consent_expires_at') <= ?"
    return [row["id"] for row in database.fetch_all(sql, now)]


def due_to_sync(database: Database, now: str) -> list[str]:
    """Return the ids of idle items whose automatic sync is due at this simulated instant."""
    sql = (
        "SELECT id FROM items WHERE json_extract(data, '$.next_auto_sync_at') <= ?"
        " AND json_extract(data, '$.run') IS NULL ORDER BY json_extract(data, '$.next_auto_sync_at')"
    )
    return [row["id"] for row in database.fetch_all(sql, now)]


def _item(text: str) -> Item:
    data = {name: value for name, value in json.loads(text).items() if name in FIELD_NAMES}
    run = data.pop("run")
    return Item(**data, run=Run(**run) if run else None)
