"""The receiver of webhooks restarts, hangs or is away: the control panel answers all the same, and nothing is lost."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox_testing.program import Client, Program, free_port, wait_until

Json = dict[str, Any]
POSTS, FEW_POSTS, MAX_SECONDS = 120, 30, 8.0


class RestartingReceiver:
    """A receiver on a fixed port that can be stopped and started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self.got: list[str] = []
        self.answer_seconds = 0.0
        self._server: ThreadingHTTPServer | None = None
        self._connections: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/hook"

    def start(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"  # the sandbox keeps the connection, which then breaks

            def setup(self) -> None:
                super().setup()
                receiver._connections.append(self.connection)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(receiver.answer_seconds)
                receiver.got.append(body.decode())
                with suppress(OSError):  # the receiver was stopped meanwhile
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._connections.clear()

    def restart_until(self, is_over: Callable[[], bool]) -> None:
        while not is_over():
            self.stop()
            time.sleep(0.2)
            self.start()
            time.sleep(0.3)


@pytest.fixture
def receiver() -> Iterator[RestartingReceiver]:
    made = RestartingReceiver()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Client]:
    """Start a program of its own, with retries over a longer time than a restart takes."""
    program = Program(tmp_path / "state", flags=("--pace", "0.3")).start()
    client = Client(program.url)
    client.pid = program.process.pid  # type: ignore[union-attr]
    yield client
    assert program.stop() == 0


def connect(client: Client, receiver: RestartingReceiver) -> str:
    assert client.post("/webhooks", url=receiver.url, event="all").ok
    return str(client.connect(9001, clientUserId="restarts")["id"])


def add(client: Client, item: str, number: int) -> tuple[int, float]:
    """Add a transaction over a new connection; return the status and the seconds that it took."""
    body = {"accountType": "CHECKING_ACCOUNT", "amount": -1 - number, "description": f"POST {number}"}
    started = time.monotonic()
    url = f"{client.url}/_control/items/{item}/transactions"
    answer = requests.post(url, json=body, timeout=MAX_SECONDS)
    return answer.status_code, time.monotonic() - started


def add_many(client: Client, item: str, posts: int = FEW_POSTS, workers: int = 4) -> None:
    """Add transactions and require an answer to every request."""
    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(lambda number: add(client, item, number), range(posts)))
    assert {status for status, _ in results} == {201}
    assert max(seconds for _, seconds in results) < MAX_SECONDS


def attempts(client: Client, item: str) -> int:
    """Return how often the newest event of the item was tried."""
    newest = client.get("/_control/events", itemId=item).json()["results"][-1]
    return sum(len(delivery["attempts"]) for delivery in newest["deliveries"])


def undelivered(client: Client) -> int:
    return int(client.get("/_control/state").json()["waiting"])


def test_every_post_is_answered_while_the_receiver_restarts(
    own: Client, receiver: RestartingReceiver
) -> None:
    item, is_over = connect(own, receiver), threading.Event()
    restarts = threading.Thread(target=receiver.restart_until, args=(is_over.is_set,))
    restarts.start()
    try:
        add_many(own, item, POSTS)
    finally:
        is_over.set()
        restarts.join()
    wait_until(lambda: undelivered(own) == 0, 30)
    assert own.get("/_control/state").json()["webhooks"][0]["disabledAt"] is None
    created = [body for body in receiver.got if '"transactions/created"' in body]
    assert len(created) >= POSTS


def test_every_post_is_answered_while_the_receiver_hangs(own: Client, receiver: RestartingReceiver) -> None:
    item = connect(own, receiver)
    receiver.answer_seconds = 3
    add_many(own, item)
    receiver.answer_seconds = 0


def test_every_post_is_answered_while_there_is_no_receiver(own: Client, receiver: RestartingReceiver) -> None:
    item = connect(own, receiver)
    receiver.stop()
    add_many(own, item)


def test_held_deliveries_take_no_time(own: Client, receiver: RestartingReceiver) -> None:
    """Deliveries that become due while they are held back must wait, not be asked for again and again."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("the processor time of another process is read from /proc")
    item = connect(own, receiver)
    receiver.stop()
    add(own, item, 0)
    wait_until(lambda: attempts(own, item) >= 3)
    own.post("/_control/webhooks/hold")
    time.sleep(2)  # the retries have become due
    before, started = processor_seconds(own.pid), time.monotonic()  # type: ignore[attr-defined]
    time.sleep(1.5)
    share = (processor_seconds(own.pid) - before) / (time.monotonic() - started)  # type: ignore[attr-defined]
    assert share < 0.15
    add_many(own, item)
    receiver.start()
    own.post("/_control/webhooks/release")
    wait_until(lambda: undelivered(own) == 0, 30)


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_slow_reader_does_not_delay_writers(own: Client) -> None:
    """A snapshot that is read slowly keeps the write-ahead log; writers go on without waiting for it."""
    parameters = {"user": "user-ok-perf-20x", "password": "password-ok"}
    item = own.connect(9001, clientUserId="slow-reader", parameters=parameters)["id"]
    url = f"{own.url}/_control/truth/items/{item}"
    with requests.get(url, stream=True, timeout=10) as reading:
        next(reading.iter_content(1024))
        big = own.post("/items", connectorId=9001, clientUserId="writer", parameters=parameters).json()["id"]
        status, seconds = add(own, item, 1)
        assert status == 201 and seconds < MAX_SECONDS
        assert own.settled(big)["status"] == "UPDATED"
