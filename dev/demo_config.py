"""Define what `make demo` runs: the processes, their ports, their settings and the private servers."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from dev import env_file, ports, postgres_server, redis_server
from dev.services import Services

PROJECT = Path(__file__).resolve().parent.parent
VAR = PROJECT / "var"
SECOND_FACTOR_CODE = "123456"  # of the admin, in place of an authenticator app
MARKER = "PFM_DEMO"  # an environment variable of every child process, to find them after a crash
IGNORE_ROOT_WARNING = "ignore:You're running the worker with superuser"


@dataclass(frozen=True)
class DemoConfig:
    """Hold the configuration of one start of the demo, from .env and the process environment."""

    settings: dict[str, str]

    @cached_property
    def services(self) -> Services:
        """Return the private servers, without those for which the settings name another server."""
        return Services(
            VAR,
            postgres=postgres_server.is_private(self.settings["DATABASE_URL"]),
            redis=redis_server.is_private(self.settings["REDIS_URL"]),
        )

    @property
    def has_local_pluggy(self) -> bool:
        return env_file.is_local(self.settings["PLUGGY_API_URL"])

    @property
    def web_port(self) -> int:
        return ports.port_from_environment("WEB_PORT", local_port(self.settings["PUBLIC_URL"], 8000))

    @property
    def pluggy_port(self) -> int:
        return ports.port_from_environment("PLUGGY_PORT", local_port(self.settings["PLUGGY_API_URL"], 9000))

    @cached_property
    def environment(self) -> dict[str, str]:
        """Return the environment of every child process.

        WEB_PORT and PLUGGY_PORT override the ports of the local addresses in .env for this run.
        """
        return {
            "DEMO_SECOND_FACTOR_CODE": SECOND_FACTOR_CODE,
            **os.environ,
            **self.settings,
            **self._local_urls(),
            MARKER: str(VAR),
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "PYTHONWARNINGS": IGNORE_ROOT_WARNING,
        }

    def _local_urls(self) -> dict[str, str]:
        port_by_setting = {"PUBLIC_URL": self.web_port}
        if self.has_local_pluggy:
            port_by_setting |= {"PLUGGY_API_URL": self.pluggy_port, "PLUGGY_CONNECT_URL": self.pluggy_port}
        return {
            name: with_port(self.settings[name], port)
            for name, port in port_by_setting.items()
            if env_file.is_local(self.settings[name])
        }

    @cached_property
    def commands(self) -> dict[str, str]:
        """Return the shell commands by process name, in the order in which they start."""
        commands = process_commands(web_port=self.web_port, pluggy_port=self.pluggy_port, folder="var")
        if not self.has_local_pluggy:
            del commands["pluggy"]
        commands["demo"] = ["dev.demo_setup"]
        return {
            name: shlex.join(["exec", sys.executable, "-m", *arguments])
            for name, arguments in commands.items()
        }


def process_commands(*, web_port: int, pluggy_port: int, folder: str) -> dict[str, list[str]]:
    """Return the product's processes by name, each as the arguments after `python -m`.

    The processes keep their files in `folder`.
    """
    web = f"-c python:pfm.web_server --bind 127.0.0.1:{web_port} --workers 1 --threads 4 --log-level warning"
    access_log = ["--access-logfile", "-", "--access-logformat", "%(m)s %(U)s %(s)s %(M)s ms"]
    celery = ["celery", "-q", "-A", "pfm"]
    worker = [*celery, *["worker", "--without-gossip", "--without-mingle", "-l", "info"]]
    return {
        "pluggy": [
            "pluggy_sandbox",
            "--port",
            str(pluggy_port),
            "--state",
            f"{folder}/pluggy",
            "--list-items",
        ],
        "web": ["gunicorn", *web.split(), *access_log, "pfm.wsgi"],
        "worker": [*worker, *["-Q", "interactive", "-n", "worker@%h", "--concurrency", "2"]],
        "bulk": [*worker, *["-Q", "bulk", "-n", "bulk@%h", "--concurrency", "1"]],
        "beat": [*celery, *f"beat -l info --schedule {folder}/celerybeat-schedule --pidfile=".split()],
    }


def local_port(url: str, default: int) -> int:
    """Return the port of a local URL, or `default` for a URL of another host."""
    return (urlsplit(url).port or default) if env_file.is_local(url) else default


def with_port(url: str, port: int) -> str:
    return f"{urlsplit(url).scheme}://{urlsplit(url).hostname}:{port}"


def load_config() -> DemoConfig:
    """Create or complete .env, print its changes, and return the configuration."""
    services = Services(VAR)
    private_urls = {"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url}
    for change in env_file.update(PROJECT, private_urls):
        print(f"· .env: {change}")
    return DemoConfig(env_file.effective_settings(PROJECT))
