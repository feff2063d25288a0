"""Start the local Pluggy as a process and talk to its control room."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
import requests
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
PACE = "0.2"  # seconds that one collecting run takes
AURORA = 9001  # a local bank with the real sign convention
SANDBOX_BANK = 2  # "Pluggy Bank", with its quirk


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class LocalPluggy:
    """One running local Pluggy. Control answers on loopback without a key."""

    url: str

    @classmethod
    @contextmanager
    def started(cls, state: Path) -> "Iterator[LocalPluggy]":
        port = free_port()
        arguments = ["--port", str(port), "--state", str(state), "--pace", PACE, "--item-limit", "10000"]
        keys = ["--client-id", settings.PLUGGY_CLIENT_ID, "--client-secret", settings.PLUGGY_CLIENT_SECRET]
        log = (state / "log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "dev.sandbox", *arguments, *keys], cwd=ROOT, stdout=log, stderr=log
        )
        running = cls(f"http://localhost:{port}")
        try:
            wait_until(running.answers, seconds=15, what="the local Pluggy answers")
            yield running
        finally:
            process.terminate()
            process.wait(10)
            log.close()

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/_control/state", timeout=2).ok
        except requests.ConnectionError:
            return False

    # --- The bank's side, by control -----------------------------------------------------------------
    def control(self, method: str, path: str, /, **json: Any) -> Any:
        answer = requests.request(method, f"{self.url}/_control{path}", json=json or None, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def reset(self) -> None:
        self.control("POST", "/reset")

    def truth(self, item_id: str) -> Any:
        return self.control("GET", f"/truth/items/{item_id}")

    def spend(self, item_id: str, **row: Any) -> Any:
        return self.control("POST", f"/items/{item_id}/transactions", **row)

    def fault(self, kind: str, path: str, *, method: str = "GET", times: int = 1, **more: Any) -> None:
        self.control("POST", "/faults", method=method, path=path, kind=kind, times=times, **more)

    # --- Pluggy's API, as the widget would use it ----------------------------------------------------
    def connect(self, reference: str, *, connector: int = AURORA, user: str = "user-ok") -> str:
        """An item of the person with this clientUserId, collected; gives its id."""
        body = {
            "connectorId": connector,
            "parameters": {"user": user, "password": "password-ok"},
            "clientUserId": reference,
        }
        item_id = str(self.api("POST", "/items", json=body)["id"])
        self.settled(item_id)
        return item_id

    def api(self, method: str, path: str, **options: Any) -> Any:
        headers = {"X-API-KEY": self._key()}
        answer = requests.request(method, self.url + path, headers=headers, timeout=30, **options)
        answer.raise_for_status()
        return answer.json()

    def sync(self, item_id: str) -> None:
        """An automatic sync, to its end."""
        self.control("POST", f"/items/{item_id}/refresh")
        self.settled(item_id)

    def settled(self, item_id: str) -> None:
        running = ("UPDATING", "MERGING")
        wait_until(
            lambda: self.api("GET", f"/items/{item_id}")["status"] not in running,
            seconds=15,
            what="the item is collected",
        )

    def _key(self) -> str:
        body = {"clientId": settings.PLUGGY_CLIENT_ID, "clientSecret": settings.PLUGGY_CLIENT_SECRET}
        return str(requests.post(f"{self.url}/auth", json=body, timeout=30).json()["apiKey"])


def forget_limits() -> None:
    """As if the pauses that Pluggy asked for were over."""
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        server.delete(*server.scan_iter("pluggy:*"), "nothing")


def wait_until(true: Any, *, seconds: float, what: str) -> None:
    """Ask again and again; fail saying what did not happen."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)
