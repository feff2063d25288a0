"""Decides what one start of the demo runs, on which ports and with which settings."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from dev import env, ports, postgres, redisd
from dev.services import Services

PROJECT = Path(__file__).resolve().parent.parent
VAR = PROJECT / "var"
MARK = "PFM_DEMO"  # every child carries it in its environment, so that a later start finds those of a crash
QUIET_ROOT = "ignore:You're running the worker with superuser"


@dataclass(frozen=True)
class Plan:
    """What .env and the environment ask for."""

    settings: dict[str, str]

    @cached_property
    def services(self) -> Services:
        """The private servers, without those that an outside URL replaces."""
        return Services(
            VAR,
            postgres=postgres.is_private(self.settings["DATABASE_URL"]),
            redis=redisd.is_private(self.settings["REDIS_URL"]),
        )

    @property
    def has_local_pluggy(self) -> bool:
        return env.is_local(self.settings["PLUGGY_API_URL"])

    @property
    def web_port(self) -> int:
        return ports.chosen("WEB_PORT", local_port(self.settings["PUBLIC_URL"], 8000))

    @property
    def pluggy_port(self) -> int:
        return ports.chosen("PLUGGY_PORT", local_port(self.settings["PLUGGY_API_URL"], 9000))

    @cached_property
    def environment(self) -> dict[str, str]:
        """What every child process sees; chosen ports override the local addresses of .env for this run."""
        return {
            **os.environ,
            **self.settings,
            **self._addresses(),
            MARK: str(VAR),
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "PYTHONWARNINGS": QUIET_ROOT,
        }

    def _addresses(self) -> dict[str, str]:
        ours = {"PUBLIC_URL": self.web_port}
        if self.has_local_pluggy:
            ours |= {"PLUGGY_API_URL": self.pluggy_port, "PLUGGY_CONNECT_URL": self.pluggy_port}
        local = {name: port for name, port in ours.items() if env.is_local(self.settings[name])}
        return {name: with_port(self.settings[name], port) for name, port in local.items()}

    @cached_property
    def commands(self) -> dict[str, str]:
        """Shell commands by process name, in the order of their start."""
        found = commands(web_port=self.web_port, pluggy_port=self.pluggy_port, folder="var")
        if not self.has_local_pluggy:
            del found["pluggy"]
        found["demo"] = ["dev.welcome"]
        return {name: shlex.join(["exec", sys.executable, "-m", *words]) for name, words in found.items()}


def commands(*, web_port: int, pluggy_port: int, folder: str) -> dict[str, list[str]]:
    """The processes by name, each as the words after `python -m`; their state is in `folder`."""
    web = f"--host 127.0.0.1 --port {web_port} --workers 1 --blocking-threads 4 --log-level warning"
    access = ["--access-log", "--access-log-fmt", "%(method)s %(path)s %(status)d %(dt_ms).0f ms"]
    celery = ["celery", "-q", "-A", "pfm"]
    worker = [*celery, *["worker", "--without-gossip", "--without-mingle", "-l", "info"]]
    return {
        "pluggy": ["dev.sandbox", "--port", str(pluggy_port), "--state", f"{folder}/pluggy"],
        "web": ["granian", "--interface", "wsgi", *web.split(), *access, "pfm.wsgi:application"],
        "worker": [*worker, *["-Q", "interactive", "-n", "worker@%h", "--concurrency", "2"]],
        "bulk": [*worker, *["-Q", "bulk", "-n", "bulk@%h", "--concurrency", "1"]],
        "beat": [*celery, *f"beat -l info --schedule {folder}/celerybeat-schedule --pidfile=".split()],
    }


def local_port(url: str, default: int) -> int:
    return (urlsplit(url).port or default) if env.is_local(url) else default


def with_port(url: str, port: int) -> str:
    return f"{urlsplit(url).scheme}://{urlsplit(url).hostname}:{port}"


def read() -> Plan:
    """Makes .env complete and reads it together with the environment."""
    private = Services(VAR)
    urls = {"DATABASE_URL": private.database_url, "REDIS_URL": private.redis_url}
    for line in env.ensure(PROJECT, urls):
        print(f"· .env: {line}")
    return Plan(env.effective(PROJECT))
