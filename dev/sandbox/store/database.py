"""The SQLite file: one connection per thread, one writer at a time, and what survives a restart."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).with_name("schema.sql")


class Database:
    """Reads are lock-free (WAL); writes take turns in this process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "sandbox.db"
        self._local = threading.local()
        self._writing = threading.RLock()
        self._afterwards: list[Callable[[], None]] = []
        self.connection.executescript(SCHEMA.read_text(encoding="utf-8"))

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's own connection."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(self.path, isolation_level=None, timeout=30)
            found.row_factory = sqlite3.Row
            found.execute("PRAGMA journal_mode=WAL")
            found.execute("PRAGMA synchronous=NORMAL")
            self._local.connection = found
        return found

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; nested use joins the outer transaction."""
        with self._writing:
            connection = self.connection
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                self._afterwards = []
                raise
            connection.execute("COMMIT")
            afterwards, self._afterwards = self._afterwards, []
        for call in afterwards:
            call()

    def after_commit(self, call: Callable[[], None]) -> None:
        """Ring a bell once the open transaction is visible to the others; at once if there is none."""
        if self.connection.in_transaction:
            self._afterwards.append(call)
        else:
            call()

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Every row of a query."""
        return self.connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        found: sqlite3.Row | None = self.connection.execute(sql, values).fetchone()
        return found

    def remember(self, key: str, default: str) -> str:
        """A value kept for ever; the default is stored the first time."""
        with self.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, default))
        found = self.row("SELECT value FROM meta WHERE key = ?", key)
        assert found is not None
        return str(found["value"])

    def forget_everything(self) -> None:
        """Empty every table but the signing key, so that tokens stay good."""
        with self.writing() as connection:
            for table in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
                if table["name"] not in ("meta", "sqlite_sequence"):
                    connection.execute(f"DELETE FROM {table['name']}")
