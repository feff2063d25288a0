"""Start the whole product as processes on private servers in one folder, for chaos, benchmarks and tests."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
import requests

from dev import demo_config, processes
from dev.check import PROJECT, TEST_SETTINGS
from dev.command_line import DevToolError
from dev.postgres_server import SUPERUSER
from dev.services import Services

MARKER = "PFM_STACK"  # an environment variable of every child process, to find them after a crash
PROCESS_NAMES = ("pluggy", "web", "worker", "bulk", "beat")


class ProductStack:
    """Start the servers and processes of the product; kill, freeze and restart single processes.

    The folder's data are deleted at the start. The ports are free ones of this machine.
    """

    def __init__(
        self, folder: Path, *, pluggy_flags: tuple[str, ...] = (), names: tuple[str, ...] = PROCESS_NAMES
    ):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.names = folder.resolve(), names
        self.services = Services(self.folder)
        self.url, self.pluggy_url = (f"http://localhost:{free_port()}" for _ in range(2))
        self.pluggy_flags = pluggy_flags
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment variables of every child process."""
        urls = {
            "DATABASE_URL": self.services.database_url,
            "REDIS_URL": self.services.redis_url,
            "PUBLIC_URL": self.url,
            "PLUGGY_API_URL": self.pluggy_url,
            "PLUGGY_CONNECT_URL": self.pluggy_url,
        }
        python = {"PYTHONUTF8": "1", "PYTHONWARNINGS": demo_config.IGNORE_ROOT_WARNING}
        return {**os.environ, **TEST_SETTINGS, **urls, **python, MARKER: str(self.folder)}

    @property
    def commands(self) -> dict[str, list[str]]:
        """Return the arguments after `python -m` by process name."""
        commands = demo_config.process_commands(
            web_port=port_of(self.url), pluggy_port=port_of(self.pluggy_url), folder=str(self.folder)
        )
        commands["pluggy"] = [*commands["pluggy"], *self.pluggy_flags]
        return {name: commands[name] for name in self.names}

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()  # Python does not call it after a failed __enter__
            raise
        return self

    def _start(self) -> None:
        processes.end_by_environment(MARKER, str(self.folder))
        Services(self.folder).wipe()
        self.services.start()
        for arguments in (("migrate", "-v0"), ("createcachetable",), ("load_categories", "-v0")):
            self.manage(*arguments)
        for name in self.names:
            self.start_process(name)
        if not processes.wait_until(self.is_up, seconds=60, every=0.2):
            raise DevToolError(f"the product does not answer at {self.url}: see {self.folder / 'log'}")
        if "web" in self.names:
            self.manage("register_webhook", "-v0")

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for child in self.children.values():
            child.send_signal(signal.SIGCONT)  # a frozen process would not end
        processes.end_by_environment(MARKER, str(self.folder))
        for child in self.children.values():
            child.wait(10)
        self.services.stop()

    def start_process(self, name: str, *flags: str) -> None:
        """Start one process, with `flags` after its usual arguments."""
        log = (self.folder / "log" / f"{name}.log").open("ab")
        command = [sys.executable, "-m", *self.commands[name], *flags]
        self.children[name] = subprocess.Popen(
            command, cwd=PROJECT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        log.close()

    def kill(self, name: str) -> None:
        """Kill one process and its children with SIGKILL."""
        for process in processes.process_tree(self.children[name].pid):
            process.kill()
        self.children[name].wait(10)

    def send_signal(self, name: str, number: int) -> None:
        """Send a signal to one process and its children."""
        for process in processes.process_tree(self.children[name].pid):
            process.send_signal(number)

    def restart_dead_processes(self) -> list[str]:
        """Start every process that has ended, and return their names."""
        dead = [name for name in self.names if self.children[name].poll() is not None]
        for name in dead:
            self.start_process(name)
        return dead

    def is_up(self) -> bool:
        urls = {"web": f"{self.url}/accounts/login/", "pluggy": f"{self.pluggy_url}/_control/clock"}
        return all(is_answering(url) for name, url in urls.items() if name in self.names)

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a management command. With `check`, raise DevToolError when it fails."""
        completed = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT, env=self.environment, capture_output=True, text=True,
        )  # fmt: skip
        if check and completed.returncode:
            output = (completed.stdout + completed.stderr).strip()
            raise DevToolError(f"manage.py {arguments[0]} failed:\n{output}")
        return completed

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Query the product's database as the superuser, who sees the rows of all users."""
        host = str(self.services.postgres.socket_folder)
        with psycopg.connect(host=host, user=SUPERUSER, dbname="pfm", connect_timeout=5) as connection:
            return list(connection.execute(sql, values).fetchall())

    def sign_in(self, email: str, password: str) -> requests.Session:
        """Sign a user in through the login page and return the session."""
        session = requests.Session()
        page = session.get(f"{self.url}/accounts/login/", timeout=15)
        form = {"csrfmiddlewaretoken": csrf_token(page.text), "login": email, "password": password}
        session.post(page.url, data=form, headers={"Referer": page.url}, timeout=15).raise_for_status()
        return session

    def control(self, method: str, path: str, /, **body: Any) -> Any:
        """Call the local Pluggy's control API and return its JSON."""
        response = requests.request(
            method, f"{self.pluggy_url}/_control{path}", json=body or None, timeout=30
        )
        response.raise_for_status()
        return response.json()


def csrf_token(page: str) -> str:
    """Return the CSRF token of the first form in an HTML page."""
    match = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    if not match:
        raise DevToolError("the page has no form")
    return match[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def is_answering(url: str) -> bool:
    """Tell whether a GET of the URL succeeds."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False
