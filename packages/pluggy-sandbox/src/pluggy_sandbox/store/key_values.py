"""Single values that survive a restart: the offset of the clock, the health of institutions."""

from pluggy_sandbox.store.database import Database


def get(database: Database, key: str) -> str | None:
    """Return the value, or None."""
    row = database.fetch_one("SELECT value FROM key_values WHERE key = ?", key)
    return str(row["value"]) if row else None


def put(database: Database, key: str, value: str) -> None:
    """Store a value."""
    with database.write_transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO key_values VALUES (?, ?)", (key, value))
