"""Fixtures: a running sandbox for the whole session, and a receiver of webhooks."""

import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sandbox_testing.program import Client, Program, Receiver

Json = dict[str, Any]


@pytest.fixture(scope="session", autouse=True)
def nothing_stays() -> Iterator[None]:
    """Stop the programs that failed tests have left running."""
    yield
    for left in list(Program.running):
        left.stop()


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Start the program that most tests share."""
    running = Program(tmp_path_factory.mktemp("sandbox"), flags=("--item-limit", "10000")).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def pluggy(program: Program) -> Client:
    """Return a client of the shared program."""
    return Client(program.url)


@pytest.fixture(scope="session")
def aurora(pluggy: Client) -> Json:
    """Return an item at Banco Aurora that tests only read."""
    return pluggy.connect(9001, clientUserId="ana")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Start a receiver on a free port, with a path of its own."""
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
    """Register a receiver for all events, with a secret header."""
    made = pluggy.post("/webhooks", url=receiver.url, event="all", headers={"Authorization": "s3cret"})
    assert made.status_code == 201, made.text
    yield receiver
    pluggy.delete(f"/webhooks/{made.json()['id']}")
