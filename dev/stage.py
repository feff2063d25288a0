"""The whole product as processes, on private servers of one folder: to hurt it, or to time it."""

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

from dev import plan, processes
from dev.check import PROJECT, TESTING
from dev.machine import Trouble
from dev.postgres import SUPERUSER
from dev.services import Services

MINE = "PFM_STAGE"  # marks the children in their environment
NAMES = ("pluggy", "web", "worker", "bulk", "beat")


class Stage:
    """Starts everything; each part can be killed, stopped and started again."""

    def __init__(self, folder: Path, *, pluggy_flags: tuple[str, ...] = (), names: tuple[str, ...] = NAMES):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.names = folder.resolve(), names
        self.services = Services(self.folder)
        self.url, self.pluggy_url = (f"http://localhost:{free_port()}" for _ in range(2))
        self.pluggy_flags = pluggy_flags
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What every child sees."""
        urls = {
            "DATABASE_URL": self.services.database_url,
            "REDIS_URL": self.services.redis_url,
            "PUBLIC_URL": self.url,
            "PLUGGY_API_URL": self.pluggy_url,
            "PLUGGY_CONNECT_URL": self.pluggy_url,
        }
        quiet = {"PYTHONUTF8": "1", "PYTHONWARNINGS": plan.QUIET_ROOT, MINE: str(self.folder)}
        return {**os.environ, **TESTING, **urls, **quiet}

    @property
    def commands(self) -> dict[str, list[str]]:
        found = plan.commands(
            web_port=port_of(self.url), pluggy_port=port_of(self.pluggy_url), folder=str(self.folder)
        )
        found["pluggy"] = [*found["pluggy"], *self.pluggy_flags]
        return {name: found[name] for name in self.names}

    def __enter__(self) -> Self:
        processes.end_marked(MINE, str(self.folder))
        Services(self.folder).wipe()
        self.services.start()
        for words in (("migrate", "-v0"), ("createcachetable",), ("load_categories", "-v0")):
            self.manage(*words)
        for name in self.names:
            self.spawn(name)
        if not processes.wait_until(self.is_up, seconds=60, every=0.2):
            raise Trouble(f"the product does not answer at {self.url}: see {self.folder / 'log'}")
        if "web" in self.names:
            self.manage("register_webhook", "-v0")
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for child in self.children.values():
            child.send_signal(signal.SIGCONT)
        processes.end_marked(MINE, str(self.folder))
        for child in self.children.values():
            child.wait(10)
        self.services.stop()

    def spawn(self, name: str, *flags: str) -> None:
        """Start a part (again), perhaps with more flags than usual."""
        log = (self.folder / "log" / f"{name}.log").open("ab")
        command = [sys.executable, "-m", *self.commands[name], *flags]
        self.children[name] = subprocess.Popen(
            command, cwd=PROJECT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        log.close()

    def kill(self, name: str) -> None:
        """kill -9, with all the children it has."""
        for process in processes.family(self.children[name].pid):
            process.kill()
        self.children[name].wait(10)

    def signal(self, name: str, number: int) -> None:
        """To a part and its children."""
        for process in processes.family(self.children[name].pid):
            process.send_signal(number)

    def revive(self) -> list[str]:
        """Start whatever has died."""
        dead = [name for name in self.names if self.children[name].poll() is not None]
        for name in dead:
            self.spawn(name)
        return dead

    def is_up(self) -> bool:
        urls = {"web": f"{self.url}/accounts/login/", "pluggy": f"{self.pluggy_url}/_control/clock"}
        return all(answers(url) for name, url in urls.items() if name in self.names)

    def manage(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A management command; Trouble when it fails, unless that is an answer too."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=PROJECT, env=self.environment, capture_output=True, text=True,
        )  # fmt: skip
        if check and done.returncode:
            raise Trouble(f"manage.py {words[0]} failed:\n{(done.stdout + done.stderr).strip()}")
        return done

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the product's database, whosever they are: as the superuser."""
        host = str(self.services.postgres.socket_folder)
        with psycopg.connect(host=host, user=SUPERUSER, dbname="pfm", connect_timeout=5) as connection:
            return list(connection.execute(sql, values).fetchall())

    def signed_in(self, email: str, password: str) -> requests.Session:
        """A person's browser, past the sign-in page."""
        session = requests.Session()
        page = session.get(f"{self.url}/accounts/login/", timeout=15)
        form = {"csrfmiddlewaretoken": form_token(page.text), "login": email, "password": password}
        session.post(page.url, data=form, headers={"Referer": page.url}, timeout=15).raise_for_status()
        return session

    def control(self, method: str, path: str, /, **body: Any) -> Any:
        """The local Pluggy's control room."""
        answer = requests.request(method, f"{self.pluggy_url}/_control{path}", json=body or None, timeout=30)
        answer.raise_for_status()
        return answer.json()


def form_token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    if not found:
        raise Trouble("a page without a form")
    return found[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False
