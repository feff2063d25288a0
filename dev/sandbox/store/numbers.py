"""Short names of accounts: each of their transactions repeats one, and a uuid takes ten times the room."""

from dev.sandbox.store.database import Database


def number(database: Database, account_id: str) -> int:
    """The account's short key; 0, which no account has, when it has no transaction yet."""
    found = database.row("SELECT number FROM account_numbers WHERE id = ?", account_id)
    return int(found["number"]) if found else 0


class Numbers(dict[str, int]):
    """The short key of each account, given at its first transaction; for use while writing."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def __missing__(self, account_id: str) -> int:
        sql = "INSERT OR IGNORE INTO account_numbers (id) VALUES (?)"
        self.database.connection.execute(sql, (account_id,))
        self[account_id] = number(self.database, account_id)
        return self[account_id]
