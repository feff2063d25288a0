"""Start, stop and show the private PostgreSQL and Redis of one folder."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from dev import processes
from dev.command_line import MEGABYTE, DevToolError, print_error, use_utf8_output
from dev.postgres_server import PostgresServer
from dev.redis_server import RedisServer


class Services:
    """Manage the private servers of one folder.

    Pass postgres=False or redis=False when the settings name a server of the developer's own.
    """

    def __init__(
        self, root: Path, *, durable: bool = True, postgres: bool = True, redis: bool = True
    ) -> None:
        self.root = root.absolute()
        self.root.mkdir(parents=True, exist_ok=True)
        self.root = self.root.resolve()
        self.postgres = PostgresServer(self.root, durable=durable)
        self.redis = RedisServer(self.root)
        self._servers: list[PostgresServer | RedisServer] = [
            *([self.postgres] * postgres),
            *([self.redis] * redis),
        ]

    @property
    def database_url(self) -> str:
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        return self.redis.url

    def start(self) -> None:
        """Start the servers and wait until they answer. Servers that already run are reused."""
        with self._lock():
            for server in self._servers:
                empty_large_log(server.log)
                server.start()

    def stop(self) -> None:
        """Stop the servers of this folder."""
        with self._lock():
            for server in reversed(self._servers):
                server.stop()

    def wipe(self) -> None:
        """Stop the servers and delete their data."""
        with self._lock():
            for server in reversed(self._servers):
                server.wipe()

    def first_stopped(self) -> str:
        """Return the name of a server whose process has ended, or an empty string. Opens no connection."""
        return next((server.name for server in self._servers if server.process() is None), "")

    def status(self) -> dict[str, int | None]:
        """Return the process ids by server name; None means that the server does not answer."""
        process_ids: dict[str, int | None] = {}
        for server in self._servers:
            process = server.process() if server.is_answering() else None
            process_ids[server.name] = process.pid if process else None
        return process_ids

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        (self.root / "log").mkdir(exist_ok=True)
        busy = f"Another command is starting or stopping the servers of {self.root}. Wait for it."
        with processes.exclusive_lock(self.root / "services.lock", wait=90, busy=busy):
            yield

    def __enter__(self) -> Services:
        self.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.stop()


def empty_large_log(log: Path, megabytes: int = 10) -> None:
    """Empty a log file that is larger than `megabytes`."""
    if log.exists() and log.stat().st_size > megabytes * MEGABYTE:
        log.write_bytes(b"")


def print_status(services: Services) -> int:
    """Print one line for each server. Return 3 when one is down, as init scripts do, else 0."""
    process_ids = services.status()
    for name, pid in process_ids.items():
        print(f"{name}: {f'up, process {pid}' if pid else 'down'}")
    return 0 if all(process_ids.values()) else 3


def run(command: str, services: Services) -> int:
    if command == "start":
        services.start()
    if command == "stop":
        services.stop()
    if command == "wipe":
        services.wipe()
    if command in ("start", "env"):
        print(f"DATABASE_URL={services.database_url}\nREDIS_URL={services.redis_url}")
    return print_status(services) if command == "status" else 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.services", description=__doc__)
    parser.add_argument("command", choices=["start", "stop", "status", "env", "wipe"])
    parser.add_argument(
        "--dir", type=Path, default=Path("var"), help="folder of data, sockets and logs (default: var)"
    )
    options = parser.parse_args(arguments)
    try:
        return run(options.command, Services(options.dir))
    except (DevToolError, OSError) as error:
        return print_error(error)


if __name__ == "__main__":
    use_utf8_output()
    sys.exit(main())
