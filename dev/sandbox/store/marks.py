"""Small facts that outlive a start: how far the clock was moved, which institutions are down."""

from dev.sandbox.store.database import Database


def get(database: Database, key: str) -> str | None:
    """The value, or None."""
    found = database.row("SELECT value FROM marks WHERE key = ?", key)
    return str(found["value"]) if found else None


def put(database: Database, key: str, value: str) -> None:
    """Keep a value."""
    with database.writing() as connection:
        connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (key, value))
