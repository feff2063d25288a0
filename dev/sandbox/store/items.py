"""Items as kept: the public state, the login that was given (never a password), and the run that is open."""

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from dev.sandbox.store import ledger
from dev.sandbox.store.database import Database

Json = dict[str, Any]


@dataclass
class Run:
    """A collecting run: the steps still to do, who asked for it, and how the bank will answer the login."""

    kind: str  # "first" or "update"
    triggered_by: str
    steps: list[str]
    opened_at: str = ""


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
    said: str | None = None  # the institution's own words for its error
    challenge: str = ""  # what the login asks for besides the password: "image", "select", ...
    consent: str = ""  # at the institution: "" not yet, "given", "ended", "renewing" (ended, asked for again)
    consent_expires_at: str | None = None
    bank_key: str = ""  # the secret in the address of the bank's page
    second_approval: str = ""  # what the other holders will decide: "granted", "refused"
    authorization_asked_at: str | None = None  # since when USER_AUTHORIZATION_PENDING waits
    resources_pending: bool = False
    auto_sync: bool = True  # false: switched off through the API
    sync_failures: int = 0  # failed runs in a row
    warned: list[str] = field(default_factory=list)  # products collected with a warning
    special: str = ""  # what the login asks for beyond an ordinary life: "perf-100x", "multi-company", ...
    failing: list[str] = field(default_factory=list)  # products that runs cannot collect: PARTIAL_SUCCESS
    person: str = ""  # whose life it shows, fixed by the first run
    collected_at: str = ""  # the last run that collected everything
    bulk_rows: int = 0  # of a `special` "perf-{N}x": the number of the last row that was written,
    poured: int = 0  # and how many of them no run has announced yet
    loaded: bool = False  # came from a file: no life is told for it
    run: Run | None = None

    @property
    def consent_ended(self) -> bool:
        """Whether its data read as empty: the person took the consent back and has not given it again."""
        return self.consent in ("ended", "renewing") or self.execution_status == "USER_AUTHORIZATION_REVOKED"


KNOWN = {known.name for known in fields(Item)}


def load(database: Database, item_id: str) -> Item | None:
    """The item, or None."""
    found = database.row("SELECT data FROM items WHERE id = ?", item_id)
    return _item(found["data"]) if found else None


def everyone(database: Database) -> list[Item]:
    """All items, oldest first."""
    return [_item(row["data"]) for row in database.rows("SELECT data FROM items ORDER BY created_at, id")]


def count(database: Database) -> int:
    """How many items there are."""
    return int(database.rows("SELECT COUNT(*) AS many FROM items")[0]["many"])


def save(database: Database, item: Item, *, due_at: float | None) -> None:
    """Write the item; `due_at` (Unix seconds) wakes its run, None closes it."""
    with database.writing() as connection:
        connection.execute(
            "INSERT INTO items VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, data = excluded.data",
            (item.id, item.created_at, due_at, json.dumps(asdict(item), ensure_ascii=False)),
        )


def keep(database: Database, item: Item) -> None:
    """Write the item; its run, if one is open, goes on when it would have."""
    found = database.row("SELECT due_at FROM items WHERE id = ?", item.id)
    save(database, item, due_at=found["due_at"] if found else None)


def delete(database: Database, item_id: str) -> None:
    """Remove the item and all that was collected for it; remember only that it existed."""
    with database.writing() as connection:
        ledger.forget(database, item_id)
        connection.execute("DELETE FROM records WHERE item_id = ?", (item_id,))
        connection.execute("DELETE FROM items WHERE id = ?", (item_id,))
        connection.execute("INSERT OR IGNORE INTO gone_items VALUES (?)", (item_id,))


def existed(database: Database, item_id: str) -> bool:
    """Whether the item was there once and was deleted."""
    return database.row("SELECT 1 FROM gone_items WHERE id = ?", item_id) is not None


def next_due(database: Database) -> tuple[str, float] | None:
    """The item whose run has to move next, and when."""
    found = database.row("SELECT id, due_at FROM items WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1")
    return (found["id"], found["due_at"]) if found else None


def of_bank_key(database: Database, bank_key: str) -> Item | None:
    """The item whose authorisation has this secret address."""
    sql = "SELECT data FROM items WHERE json_extract(data, '$.bank_key') = ?"
    found = database.row(sql, bank_key) if bank_key else None
    return _item(found["data"]) if found else None


def waiting(database: Database) -> list[Item]:
    """Items whose run has stopped for the person."""
    sql = "SELECT data FROM items WHERE json_extract(data, '$.status') LIKE 'WAITING%' AND due_at IS NOT NULL"
    return [_item(row["data"]) for row in database.rows(sql)]


def with_consent_over(database: Database, now: str) -> list[str]:
    """Ids of items whose consent has an end, which this (pretended) instant has passed."""
    sql = "SELECT id FROM items WHERE json_extract(data, '$.consent_expires_at') <= ?"
    return [row["id"] for row in database.rows(sql, now)]


def due_to_sync(database: Database, now: str) -> list[str]:
    """Ids of idle items whose automatic sync is due at this (pretended) instant."""
    sql = (
        "SELECT id FROM items WHERE json_extract(data, '$.next_auto_sync_at') <= ?"
        " AND json_extract(data, '$.run') IS NULL ORDER BY json_extract(data, '$.next_auto_sync_at')"
    )
    return [row["id"] for row in database.rows(sql, now)]


def _item(text: str) -> Item:
    data = {name: value for name, value in json.loads(text).items() if name in KNOWN}
    run = data.pop("run")
    return Item(**data, run=Run(**run) if run else None)
