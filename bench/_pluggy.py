"""Start a local Pluggy for a benchmark and connect an item with a chosen number of transactions."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
TRANSACTIONS_PER_FACTOR = 200  # the local user user-ok-perf-{N}x has N times as many
SANDBOX_BANK = 2


@contextmanager
def local_pluggy() -> Iterator[str]:
    """Run a local Pluggy during the block and yield its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    keys = ["--client-id", settings.PLUGGY_CLIENT_ID, "--client-secret", settings.PLUGGY_CLIENT_SECRET]
    with TemporaryDirectory() as state:
        command = [
            sys.executable,
            "-m",
            "pluggy_sandbox",
            "--port",
            str(port),
            "--state",
            state,
            "--pace",
            "0.1",
        ]
        process = subprocess.Popen([*command, *keys], cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            url = f"http://localhost:{port}"
            _wait(lambda: _is_answering(url), 10)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def connect(url: str, reference: str, transaction_count: int) -> str:
    """Create an item, wait until Pluggy has collected it, and return its id."""
    parameters = {
        "user": f"user-ok-perf-{max(1, transaction_count // TRANSACTIONS_PER_FACTOR)}x",
        "password": "password-ok",
    }
    body = {"connectorId": SANDBOX_BANK, "parameters": parameters, "clientUserId": reference}
    item_id = str(_api(url, "POST", "/items", json=body)["id"])
    _wait(lambda: _api(url, "GET", f"/items/{item_id}")["status"] == "UPDATED", 300)
    return item_id


def _api(url: str, method: str, path: str, **options: Any) -> Any:
    keys = {"clientId": settings.PLUGGY_CLIENT_ID, "clientSecret": settings.PLUGGY_CLIENT_SECRET}
    key = requests.post(f"{url}/auth", json=keys, timeout=10).json()["apiKey"]
    response = requests.request(method, url + path, headers={"X-API-KEY": key}, timeout=60, **options)
    response.raise_for_status()
    return response.json()


def _is_answering(url: str) -> bool:
    try:
        return requests.get(f"{url}/_control/state", timeout=2).ok
    except requests.ConnectionError:
        return False


def _wait(condition: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"not within {seconds} s")
        time.sleep(0.05)
