"""Short integer keys of accounts. Each transaction repeats one, and a UUID would take ten times the space."""

from pluggy_sandbox.store.database import Database


def account_number(database: Database, account_id: str) -> int:
    """Return the short key of the account; 0, which no account has, before its first transaction."""
    row = database.fetch_one("SELECT number FROM account_numbers WHERE id = ?", account_id)
    return int(row["number"]) if row else 0


class AccountNumbers(dict[str, int]):
    """A cache of short keys that assigns missing ones; for use during a write."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def __missing__(self, account_id: str) -> int:
        sql = "INSERT OR IGNORE INTO account_numbers (id) VALUES (?)"
        self.database.connection.execute(sql, (account_id,))
        self[account_id] = account_number(self.database, account_id)
        return self[account_id]
