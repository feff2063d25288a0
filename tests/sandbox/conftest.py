"""A running local Pluggy for the whole session, a receiver of webhooks, and a client that knows the waits."""

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests

from tests.sandbox import conformance

ROOT = Path(__file__).parents[2]
KEYS = {"clientId": "11111111-2222-4333-8444-555555555555", "clientSecret": "for-tests-only"}
GOOD = {"user": "user-ok", "password": "password-ok"}
PACE = 0.05
Json = dict[str, Any]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(question: Callable[[], Any], seconds: float = 8.0) -> Any:
    """Ask again until the answer is truthy; fail after the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = question()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"still not so after {seconds} s")


@dataclass
class Program:
    """The local Pluggy as a child process."""

    state: Path
    port: int = field(default_factory=free_port)
    flags: tuple[str, ...] = ()
    process: subprocess.Popen[str] | None = None
    running: ClassVar[list["Program"]] = []

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> "Program":
        command = [sys.executable, "-m", "dev.sandbox", "--port", str(self.port), "--state", str(self.state)]
        environment = {**os.environ, "PLUGGY_CLIENT_ID": KEYS["clientId"]}
        environment["PLUGGY_CLIENT_SECRET"] = KEYS["clientSecret"]
        pace = [] if "--pace" in self.flags else ["--pace", str(PACE)]
        self.process = subprocess.Popen(
            [*command, *pace, *self.flags], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        self.running.append(self)
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], 10)[0], "the local Pluggy said nothing in 10 s"
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
    """Speaks the API with an API key, and checks each answer against Pluggy's OpenAPI file."""

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
        """Any request; a conforming answer counts its endpoint as exercised."""
        answer = self.http.request(method, self.url + path, timeout=10, **more)
        if self.checking:
            self._check(method, answer)
        return answer

    def _check(self, method: str, answer: requests.Response) -> None:
        try:
            endpoint = conformance.check(method, answer.url, answer.status_code, answer.text)
        except (conformance.Departed, json.JSONDecodeError):
            if self._is_faulty():
                return
            raise
        self.exercised |= {endpoint} - {None}

    def _is_faulty(self) -> bool:
        """Whether somebody has asked for wrong answers."""
        asked = [self.http.get(f"{self.url}/_control/{one}", timeout=10) for one in ("faults", "chaos")]
        return any(one.ok and (one.json().get("results") or one.json().get("rate")) for one in asked)

    @contextmanager
    def unchecked(self) -> Iterator[None]:
        """For worlds that break the rules on purpose."""
        self.checking = False
        try:
            yield
        finally:
            self.checking = True

    def widget(self, **body: Any) -> "Client":
        """A client with a connect token in the place of the key."""
        other = Client(self.url)
        other.http.headers["X-API-KEY"] = self.post("/connect_token", **body).json()["accessToken"]
        return other

    def connect(self, connector: int = 9001, **more: Any) -> Json:
        """A new item whose first run has ended; what Open Finance has to be asked at the bank is approved."""
        parameters = more.pop("parameters", GOOD)
        answer = self.post("/items", connectorId=connector, parameters=parameters, **more)
        assert answer.status_code == 200, answer.text
        item = self.settled(answer.json()["id"])
        if (item["parameter"] or {}).get("name") != "oauth_code":
            return item
        self.post(f"/_control/items/{item['id']}/approve")
        return self.settled(item["id"])

    def settled(self, item_id: str) -> Json:
        """The item once no run moves it."""

        def still() -> Json | None:
            item: Json = self.get(f"/items/{item_id}").json()
            return None if item["status"] in ("UPDATING", "MERGING") else item

        found: Json = until(still)
        return found

    def accounts(self, item_id: str) -> dict[str, Json]:
        """Subtype → account."""
        return {one["subtype"]: one for one in self.get("/accounts", itemId=item_id).json()["results"]}

    def pages(self, account_id: str, **query: Any) -> list[list[Json]]:
        """Every page of an account, by following `next`."""
        pages, path = [], "/v2/transactions"
        answer = self.get(path, accountId=account_id, **query).json()
        while True:
            pages.append(answer["results"])
            if answer["next"] is None:
                return pages
            answer = self.get(path + answer["next"]).json()

    def rows(self, account_id: str, **query: Any) -> list[Json]:
        """All transactions of an account."""
        return [row for page in self.pages(account_id, **query) for row in page]

    def truth(self, item_id: str) -> Json:
        found: Json = self.get(f"/_control/truth/items/{item_id}").json()
        return found


@dataclass
class Receiver:
    """A webhook receiver that keeps what it got and answers what it is told to."""

    url: str = ""
    got: list[tuple[Json, dict[str, str]]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def events(self, name: str | None = None, item_id: str | None = None) -> list[Json]:
        return [
            body
            for body, _ in list(self.got)
            if name in (None, body["event"]) and item_id in (None, body.get("itemId"))
        ]


@pytest.fixture(scope="session", autouse=True)
def nothing_stays() -> Iterator[None]:
    """A program that a failed test did not stop ends with the session."""
    yield
    for left in list(Program.running):
        left.stop()


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program that most tests share."""
    running = Program(tmp_path_factory.mktemp("sandbox"), flags=("--item-limit", "10000")).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def pluggy(program: Program) -> Client:
    """A client of the shared program."""
    return Client(program.url)


@pytest.fixture(scope="session")
def aurora(pluggy: Client) -> Json:
    """An item at Banco Aurora that tests only read."""
    return pluggy.connect(9001, clientUserId="ana")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on a free port, with a path of its own."""
    inbox = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            inbox.got.append((body, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(inbox.answers.pop(0) if inbox.answers else 200)
            self.end_headers()
            self.wfile.write(b"thanks")

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    inbox.url = f"http://localhost:{server.server_port}/hook/{uuid.uuid4()}"
    yield inbox
    server.shutdown()
    server.server_close()


@pytest.fixture
def hooked(pluggy: Client, receiver: Receiver) -> Iterator[Receiver]:
    """A receiver registered for all events, with a secret header."""
    made = pluggy.post("/webhooks", url=receiver.url, event="all", headers={"Authorization": "s3cret"})
    assert made.status_code == 201, made.text
    yield receiver
    pluggy.delete(f"/webhooks/{made.json()['id']}")
