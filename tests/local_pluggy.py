"""Start the local Pluggy as a process and call its control routes."""

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
PACE = "0.2"  # seconds that Pluggy takes to collect an item
AURORA = 9001  # the connector of an invented bank that sends signs as real banks do
SANDBOX_BANK = 2  # the connector of "Pluggy Bank", which inverts the signs of card transactions


def free_port() -> int:
    """Return a TCP port of this machine that is free at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class LocalPluggy:
    """A running local Pluggy. Its control routes need no API key."""

    url: str

    @classmethod
    @contextmanager
    def start(cls, state: Path) -> "Iterator[LocalPluggy]":
        """Start the process with its data and log in the folder `state`; end it afterwards."""
        port = free_port()
        arguments = ["--port", str(port), "--state", str(state), "--pace", PACE, "--item-limit", "10000"]
        arguments += ["--list-items"]
        keys = ["--client-id", settings.PLUGGY_CLIENT_ID, "--client-secret", settings.PLUGGY_CLIENT_SECRET]
        log = (state / "log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "pluggy_sandbox", *arguments, *keys], cwd=ROOT, stdout=log, stderr=log
        )
        running = cls(f"http://localhost:{port}")
        try:
            wait_until(running.is_ready, seconds=15, what="the local Pluggy is ready")
            yield running
        finally:
            process.terminate()
            process.wait(10)
            log.close()

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/_control/state", timeout=2).ok
        except requests.ConnectionError:
            return False

    # --- Control routes: what the bank and Pluggy do -------------------------------------------------
    def control(self, method: str, path: str, /, **json: Any) -> Any:
        """Call a control route and return its JSON, or None if the response is empty."""
        answer = requests.request(method, f"{self.url}/_control{path}", json=json or None, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def reset(self) -> None:
        self.control("POST", "/reset")

    def truth(self, item_id: str) -> Any:
        """Return all data of the item; the product must store the same."""
        return self.control("GET", f"/truth/items/{item_id}")

    def add_transaction(self, item_id: str, **fields: Any) -> Any:
        """Add a transaction at the bank and return its JSON. `silent=True` sends no webhook."""
        return self.control("POST", f"/items/{item_id}/transactions", **fields)

    def fault(
        self, kind: str, path: str, *, method: str | None = "GET", times: int | None = 1, **more: Any
    ) -> None:
        """Make the next requests to the path fail; `times=None` means all of them."""
        self.control("POST", "/faults", method=method, path=path, kind=kind, times=times, **more)

    # --- Pluggy's API, as the Connect widget uses it -------------------------------------------------
    def connect(self, reference: str, *, connector: int = AURORA, user: str = "user-ok") -> str:
        """Connect a bank for the user with this clientUserId, wait until it is collected, and return the item id."""
        body = {
            "connectorId": connector,
            "parameters": {"user": user, "password": "password-ok"},
            "clientUserId": reference,
        }
        item_id = str(self.api("POST", "/items", json=body)["id"])
        self.wait_until_collected(item_id)
        return item_id

    def api(self, method: str, path: str, **options: Any) -> Any:
        """Call the API with a valid key and return its JSON."""
        headers = {"X-API-KEY": self._key()}
        answer = requests.request(method, self.url + path, headers=headers, timeout=30, **options)
        answer.raise_for_status()
        return answer.json()

    def sync(self, item_id: str) -> None:
        """Let Pluggy collect the item as in an automatic sync, and wait until it is collected."""
        self.control("POST", f"/items/{item_id}/refresh")
        self.wait_until_collected(item_id)

    def wait_until_collected(self, item_id: str) -> None:
        running = ("UPDATING", "MERGING")
        wait_until(
            lambda: self.api("GET", f"/items/{item_id}")["status"] not in running,
            seconds=15,
            what="the item is collected",
        )

    def _key(self) -> str:
        body = {"clientId": settings.PLUGGY_CLIENT_ID, "clientSecret": settings.PLUGGY_CLIENT_SECRET}
        return str(requests.post(f"{self.url}/auth", json=body, timeout=30).json()["apiKey"])


def clear_rate_limits() -> None:
    """Delete the stored rate limits and pauses of the API client."""
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        server.delete(*server.scan_iter("pluggy:*"), "nothing")


def wait_until(is_true: Any, *, seconds: float, what: str) -> None:
    """Call `is_true` until it returns true; after `seconds`, fail with a message that contains `what`."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)
