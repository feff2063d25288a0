"""The sandbox as a child process, a client that waits for runs, and the data of a webhook receiver."""

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import requests

from sandbox_testing import conformance

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "pluggy_sandbox"
KEYS = {"clientId": "11111111-2222-4333-8444-555555555555", "clientSecret": "for-tests-only"}
GOOD = {"user": "user-ok", "password": "password-ok"}
PACE = 0.05
Json = dict[str, Any]


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], seconds: float = 8.0) -> Any:
    """Wait until the condition is true and return its value; fail after the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"not true within {seconds} s")


@dataclass
class Program:
    """The sandbox as a child process."""

    state: Path
    port: int = field(default_factory=free_port)
    flags: tuple[str, ...] = ()
    process: subprocess.Popen[str] | None = None
    running: ClassVar[list["Program"]] = []

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> "Program":
        flags = ["--port", str(self.port), "--state", str(self.state)]
        command = [sys.executable, "-m", "pluggy_sandbox", *flags]
        environment = {**os.environ, "PLUGGY_CLIENT_ID": KEYS["clientId"]}
        environment["PLUGGY_CLIENT_SECRET"] = KEYS["clientSecret"]
        pace = [] if "--pace" in self.flags else ["--pace", str(PACE)]
        self.process = subprocess.Popen(
            [*command, *pace, *self.flags], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        self.running.append(self)
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], 10)[0], "the sandbox printed nothing in 10 s"
        assert "not Pluggy" in self.process.stdout.readline()
        return self

    def stop(self) -> int:
        assert self.process is not None
        self.running.remove(self)
        self.process.terminate()
        code = self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


class Client:
    """Calls the API with an API key, and checks each response against Pluggy's OpenAPI file."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.checking = True
        self.exercised: set[str] = set()
        self.http = requests.Session()
        self.http.headers["X-API-KEY"] = self.post("/auth", **KEYS).json()["apiKey"]

    def get(self, path: str, /, **query: Any) -> requests.Response:
        return self.send("GET", path, params=query)

    def post(self, path: str, /, **body: Any) -> requests.Response:
        return self.send("POST", path, json=body)

    def patch(self, path: str, /, **body: Any) -> requests.Response:
        return self.send("PATCH", path, json=body)

    def delete(self, path: str, /, **body: Any) -> requests.Response:
        return self.send("DELETE", path, json=body)

    def send(self, method: str, path: str, /, **more: Any) -> requests.Response:
        """Send a request; a conforming response counts its endpoint as exercised."""
        answer = self.http.request(method, self.url + path, timeout=10, **more)
        if self.checking:
            self._check(method, answer)
        return answer

    def _check(self, method: str, answer: requests.Response) -> None:
        try:
            endpoint = conformance.check(method, answer.url, answer.status_code, answer.text)
        except (conformance.ConformanceError, json.JSONDecodeError):
            if self._is_faulty():
                return
            raise
        if endpoint:
            self.exercised.add(endpoint)

    def _is_faulty(self) -> bool:
        """Return whether faults are on."""
        for path in ("faults", "chaos"):
            response = self.http.get(f"{self.url}/_control/{path}", timeout=10)
            if response.ok and (response.json().get("results") or response.json().get("rate")):
                return True
        return False

    @contextmanager
    def unchecked(self) -> Iterator[None]:
        """Switch the check off, for worlds that break the specification on purpose."""
        self.checking = False
        try:
            yield
        finally:
            self.checking = True

    def widget(self, **body: Any) -> "Client":
        """Return a client that uses a connect token instead of the key."""
        other = Client(self.url)
        other.http.headers["X-API-KEY"] = self.post("/connect_token", **body).json()["accessToken"]
        return other

    def connect(self, connector: int = 9001, **more: Any) -> Json:
        """Create an item and wait for its first run. An Open Finance authorization is approved."""
        parameters = more.pop("parameters", GOOD)
        answer = self.post("/items", connectorId=connector, parameters=parameters, **more)
        assert answer.status_code == 200, answer.text
        item = self.settled(answer.json()["id"])
        if (item["parameter"] or {}).get("name") != "oauth_code":
            return item
        self.post(f"/_control/items/{item['id']}/approve")
        return self.settled(item["id"])

    def settled(self, item_id: str) -> Json:
        """Return the item once no run is in progress."""

        def settled_item() -> Json | None:
            item: Json = self.get(f"/items/{item_id}").json()
            return None if item["status"] in ("UPDATING", "MERGING") else item

        item: Json = wait_until(settled_item)
        return item

    def accounts(self, item_id: str) -> dict[str, Json]:
        """Map subtypes to accounts."""
        return {
            account["subtype"]: account for account in self.get("/accounts", itemId=item_id).json()["results"]
        }

    def pages(self, account_id: str, **query: Any) -> list[list[Json]]:
        """Return every page of an account by following `next`."""
        pages, path = [], "/v2/transactions"
        answer = self.get(path, accountId=account_id, **query).json()
        while True:
            pages.append(answer["results"])
            if answer["next"] is None:
                return pages
            answer = self.get(path + answer["next"]).json()

    def transactions(self, account_id: str, **query: Any) -> list[Json]:
        """Return all transactions of an account."""
        return [transaction for page in self.pages(account_id, **query) for transaction in page]

    def truth(self, item_id: str) -> Json:
        truth_json: Json = self.get(f"/_control/truth/items/{item_id}").json()
        return truth_json


@dataclass
class Receiver:
    """A webhook receiver that keeps what it got and answers with the given statuses."""

    url: str = ""
    got: list[tuple[Json, dict[str, str]]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def events(self, name: str | None = None, item_id: str | None = None) -> list[Json]:
        return [
            body
            for body, _ in list(self.got)
            if name in (None, body["event"]) and item_id in (None, body.get("itemId"))
        ]
