"""The SQLite file: one connection per thread, one writer at a time, and what survives a restart."""

import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from dev.sandbox.store.packing import TYPICAL

SCHEMA = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
LAYOUT = zlib.crc32(SCHEMA.encode() + TYPICAL) >> 1  # what a state folder must have been written with
PAGE_BYTES = 8192  # some forty transactions
READING_KIBIBYTES, WRITING_KIBIBYTES = 2 << 10, 48 << 10  # page caches; ids arrive in no order
KEPT_LOG = 16 << 20  # bytes that the write-ahead log may keep after a write


class Database:
    """Reads are lock-free (WAL); writes take turns in this process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "sandbox.db"
        self._local = threading.local()
        self._writing = threading.RLock()
        self._afterwards: list[Callable[[], None]] = []
        _start_afresh_if_older(self.path)
        if _layout(self.connection) != LAYOUT:
            self.connection.executescript(SCHEMA)
            self.connection.execute(f"PRAGMA user_version={LAYOUT}")

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's own connection."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(self.path, isolation_level=None, timeout=30)
            found.row_factory = sqlite3.Row
            found.execute(f"PRAGMA page_size={PAGE_BYTES}")
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
            connection.execute(f"PRAGMA cache_size={-WRITING_KIBIBYTES}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                self._afterwards = []
                raise
            connection.execute("COMMIT")
            self._tidy(connection)
            afterwards, self._afterwards = self._afterwards, []
        for call in afterwards:
            call()

    def _tidy(self, connection: sqlite3.Connection) -> None:
        """A large write would leave a log as large as itself on the disk, and its pages in memory."""
        connection.execute(f"PRAGMA cache_size={-READING_KIBIBYTES}")
        log = self.path.with_name(self.path.name + "-wal")
        if log.exists() and log.stat().st_size > KEPT_LOG:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

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


def _start_afresh_if_older(path: Path) -> None:
    """State of another layout cannot be read: say so and put it away."""
    if not path.exists():
        return
    with closing(sqlite3.connect(path)) as connection:
        if _layout(connection) == LAYOUT:
            return
    print(f"local Pluggy (not Pluggy!): {path.parent} has another layout; starting afresh", flush=True)
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _layout(connection: sqlite3.Connection) -> int:
    """What the file was written with; 0 while it is new."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
