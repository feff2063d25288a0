"""The SQLite file: one connection for each thread, and one writer at a time."""

import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from pluggy_sandbox.store.packing import COMPRESSION_DICTIONARY

SCHEMA = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
# A state folder of another version is deleted.
SCHEMA_VERSION = zlib.crc32(SCHEMA.encode() + COMPRESSION_DICTIONARY) >> 1
PAGE_BYTES = 8192  # about forty transactions
# Page caches. Ids are inserted in random order, which needs a large one.
READ_CACHE_KIB, WRITE_CACHE_KIB = 2 << 10, 48 << 10
BUSY_SECONDS = 30  # how long a statement waits for a lock
MAX_WAL_BYTES = 16 << 20  # the write-ahead log is truncated above this


class Database:
    """Reads take no lock (WAL); writes take turns within this process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "sandbox.db"
        self._local = threading.local()
        self._write_lock = threading.RLock()
        self._after_commit_calls: list[Callable[[], None]] = []
        _delete_if_other_version(self.path)
        if _schema_version(self.connection) != SCHEMA_VERSION:
            self.connection.executescript(SCHEMA)
            self.connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    @property
    def connection(self) -> sqlite3.Connection:
        """Return the connection of this thread."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_SECONDS)
            connection.row_factory = sqlite3.Row
            connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            self._local.connection = connection
        return connection

    @contextmanager
    def write_transaction(self) -> Iterator[sqlite3.Connection]:
        """Run a write transaction; a nested use joins the outer one."""
        with self._write_lock:
            connection = self.connection
            if connection.in_transaction:
                yield connection
                return
            connection.execute(f"PRAGMA cache_size={-WRITE_CACHE_KIB}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                self._after_commit_calls = []
                raise
            connection.execute("COMMIT")
            self._shrink_after_write(connection)
            calls, self._after_commit_calls = self._after_commit_calls, []
        for call in calls:
            call()

    def _shrink_after_write(self, connection: sqlite3.Connection) -> None:
        """Free memory and disk space that a large write has taken: the page cache and the write-ahead log."""
        connection.execute(f"PRAGMA cache_size={-READ_CACHE_KIB}")
        log = self.path.with_name(self.path.name + "-wal")
        if log.exists() and log.stat().st_size > MAX_WAL_BYTES:
            # Without waiting for readers: the write lock is held, and a snapshot may be read for long.
            connection.execute("PRAGMA busy_timeout=0")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call a function once the open transaction is committed, or at once if there is none."""
        if self.connection.in_transaction:
            self._after_commit_calls.append(call)
        else:
            call()

    def fetch_all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        return self.connection.execute(sql, values).fetchall()

    def fetch_one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """Return the first row of a query, or None."""
        fetched: sqlite3.Row | None = self.connection.execute(sql, values).fetchone()
        return fetched

    def get_or_create(self, key: str, default: str) -> str:
        """Return a value that survives resets; the default is stored the first time."""
        with self.write_transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, default))
        stored = self.fetch_one("SELECT value FROM meta WHERE key = ?", key)
        assert stored is not None
        return str(stored["value"])

    def clear_data(self) -> None:
        """Empty every table but `meta`, which holds the signing key, so that issued tokens stay valid."""
        with self.write_transaction() as connection:
            for table in self.fetch_all("SELECT name FROM sqlite_master WHERE type = 'table'"):
                if table["name"] not in ("meta", "sqlite_sequence"):
                    connection.execute(f"DELETE FROM {table['name']}")


def _delete_if_other_version(path: Path) -> None:
    """Delete the state of another schema version, with a message: there are no migrations."""
    if not path.exists():
        return
    with closing(sqlite3.connect(path)) as connection:
        if _schema_version(connection) == SCHEMA_VERSION:
            return
    print(
        f"local Pluggy (not Pluggy!): {path.parent} has another schema version; starting with empty state",
        flush=True,
    )
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _schema_version(connection: sqlite3.Connection) -> int:
    """Return the schema version of the file; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
