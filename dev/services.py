"""Runs a private PostgreSQL and a private Redis under one folder: start, adopt, stop, tell."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from dev import processes
from dev.machine import MEGABYTE, Trouble, complain, speak_utf8
from dev.postgres import Postgres
from dev.redisd import Redis


class Services:
    """The two servers of one folder; leave one out when the settings name an outside server."""

    def __init__(
        self, root: Path, *, durable: bool = True, postgres: bool = True, redis: bool = True
    ) -> None:
        self.root = root.absolute()
        self.root.mkdir(parents=True, exist_ok=True)
        self.root = self.root.resolve()
        self.postgres = Postgres(self.root, durable=durable)
        self.redis = Redis(self.root)
        self._chosen: list[Postgres | Redis] = [*([self.postgres] * postgres), *([self.redis] * redis)]

    @property
    def database_url(self) -> str:
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        return self.redis.url

    def start(self) -> None:
        """Both up and healthy when it returns; what was already running is taken over."""
        with self._alone():
            for service in self._chosen:
                shorten(service.log)
                service.start()

    def stop(self) -> None:
        """Ends the servers of this folder, and nothing else."""
        with self._alone():
            for service in reversed(self._chosen):
                service.stop()

    def wipe(self) -> None:
        """Stops the servers and removes their data for good."""
        with self._alone():
            for service in reversed(self._chosen):
                service.wipe()

    def down(self) -> str:
        """The name of a server that no longer runs, without asking it anything; empty when all do."""
        return next((service.log.stem for service in self._chosen if service.process() is None), "")

    def status(self) -> dict[str, int | None]:
        """Process ids by name; None is down."""
        states: dict[str, int | None] = {}
        for service in self._chosen:
            process = service.process() if service.answers() else None
            states[service.log.stem] = process.pid if process else None
        return states

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        (self.root / "log").mkdir(exist_ok=True)
        busy = f"another start or stop of {self.root} is going on: wait for it"
        with processes.sole(self.root / "services.lock", wait=90, busy=busy):
            yield

    def __enter__(self) -> Services:
        self.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.stop()


def shorten(log: Path, megabytes: int = 10) -> None:
    """Starts a log anew when it has grown too long to be read."""
    if log.exists() and log.stat().st_size > megabytes * MEGABYTE:
        log.write_bytes(b"")


def show(services: Services) -> int:
    """Prints a line for each server; 3 when one is down, as init scripts do."""
    states = services.status()
    for name, pid in states.items():
        print(f"{name}: {f'up, process {pid}' if pid else 'down'}")
    return 0 if all(states.values()) else 3


def run(command: str, services: Services) -> int:
    if command == "start":
        services.start()
    if command == "stop":
        services.stop()
    if command == "wipe":
        services.wipe()
    if command in ("start", "env"):
        print(f"DATABASE_URL={services.database_url}\nREDIS_URL={services.redis_url}")
    return show(services) if command == "status" else 0


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.services", description=__doc__)
    parser.add_argument("command", choices=["start", "stop", "status", "env", "wipe"])
    parser.add_argument("--dir", type=Path, default=Path("var"), help="home of data, sockets, logs (var)")
    chosen = parser.parse_args(words)
    try:
        return run(chosen.command, Services(chosen.dir))
    except (Trouble, OSError) as trouble:
        return complain(trouble)


if __name__ == "__main__":
    speak_utf8()
    sys.exit(main())
