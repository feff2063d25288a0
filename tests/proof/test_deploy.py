"""Test a release during work, with real processes: SIGTERM finishes the work, SIGKILL loses nothing."""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from dev import processes
from dev.check import TEST_SETTINGS
from dev.product_stack import ProductStack, is_answering, port_of
from tests.local_pluggy import AURORA, wait_until
from tests.payloads import event

NAMES = ("pluggy", "web", "worker", "beat")
SLOW = 2.0  # seconds that the sync run waits for Pluggy, so that the signal arrives during the run
SQL_EXPIRE_LEASE = (
    "UPDATE connections_syncstate SET lease_until = now() - interval '1 second' RETURNING fence"
)


class Release:
    """Set up a user with one bank, and help with the actions and checks of a release."""

    def __init__(self, stack: ProductStack) -> None:
        self.stack = stack
        made = stack.manage("create_user", "ana@example.com", "--password", "a-long-pass-word")
        keys = {
            "clientId": TEST_SETTINGS["PLUGGY_CLIENT_ID"],
            "clientSecret": TEST_SETTINGS["PLUGGY_CLIENT_SECRET"],
        }
        api = stack.pluggy_url
        headers = {"X-API-KEY": requests.post(f"{api}/auth", json=keys, timeout=10).json()["apiKey"]}
        body = {
            "connectorId": AURORA,
            "parameters": {"user": "user-ok", "password": "password-ok"},
            "clientUserId": json.loads(made.stdout)["reference"],
        }
        self.item = requests.post(f"{api}/items", json=body, headers=headers, timeout=30).json()["id"]
        wait_until(
            lambda: self.count("connections_syncrun", "outcome = 'succeeded'"),
            seconds=60,
            what="the first sync has succeeded",
        )
        self.wait_until_settled()

    def add_transaction(self) -> str:
        """Add a transaction at the bank, answer the sync slowly, and return the id when the sync runs."""
        self.stack.control(
            "POST", "/faults", method="GET", path="/v2/transactions", kind="latency", seconds=SLOW, times=1
        )
        transaction = self.stack.control(
            "POST", f"/items/{self.item}/transactions", description="NOVA", amount=-7
        )
        wait_until(
            lambda: self.count("connections_syncrun", "outcome = 'running'"), seconds=20, what="a sync runs"
        )
        return str(transaction["id"])

    def wait_until_settled(self) -> None:
        done = "synced_seq = dirty_seq AND lease_until IS NULL AND synced_seq > 0"
        wait_until(
            lambda: (
                not self.stack.control("GET", "/state")["waitingDeliveries"]
                and self.count("connections_syncstate", done)
            ),
            seconds=60,
            what="everything is synced",
        )

    def count(self, table: str, condition: str) -> int:
        return int(self.stack.query(f"SELECT count(*) FROM {table} WHERE {condition}")[0][0])

    def has(self, transaction_id: str) -> bool:
        return self.count("ledger_transaction", f"id = '{transaction_id}'") == 1

    def children(self) -> set[int]:
        return {process.pid for process in processes.process_tree(self.stack.children["worker"].pid)[1:]}


@pytest.fixture(scope="module")
def release(project_root: Path) -> Iterator[Release]:
    with ProductStack(project_root / "var" / "deploy", names=NAMES, pluggy_flags=("--pace", "0.2")) as stack:
        yield Release(stack)


def test_a_worker_that_is_told_to_end_finishes_its_run(release: Release) -> None:
    """F-53, SIGTERM: the run is finished and needs no recovery."""
    transaction_id = release.add_transaction()
    worker = release.stack.children["worker"]
    worker.send_signal(signal.SIGTERM)
    worker.wait(30)
    assert release.count("connections_syncrun", "outcome = 'running'") == 0
    assert release.has(transaction_id)
    release.stack.start_process("worker")


def test_a_worker_that_is_killed_loses_nothing(release: Release) -> None:
    """F-53, SIGKILL: the new worker continues when the lease has expired."""
    release.wait_until_settled()
    transaction_id = release.add_transaction()
    release.stack.kill("worker")
    assert not release.has(transaction_id)
    release.stack.query(SQL_EXPIRE_LEASE)  # instead of waiting a minute
    release.stack.start_process("worker")
    release.wait_until_settled()
    assert release.has(transaction_id)
    assert release.count("connections_syncrun", "error = 'its worker was lost'") == 1
    assert release.stack.manage("verify", "--remote").stdout == "no violations\n"


def test_a_child_that_grew_is_replaced(release: Release) -> None:
    """F-55: a child above the memory limit is replaced after its task. Here every child is above it."""
    release.stack.kill("worker")
    release.stack.start_process("worker", "--max-memory-per-child", "1")
    wait_until(release.children, seconds=30, what="the worker has child processes")
    before = release.children()
    wait_until(lambda: not before & release.children(), seconds=30, what="new child processes")
    transaction_id = release.add_transaction()
    release.wait_until_settled()
    assert release.has(transaction_id)


def delivery(body: bytes, *headers: str, chunked: bool = False) -> bytes:
    """Return a delivery of Pluggy as it goes over the wire, with more or other headers."""
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    secret = f"X-Webhook-Secret: {TEST_SETTINGS['PLUGGY_WEBHOOK_SECRET']}"
    lines = ("Host: localhost", "Content-Type: application/json", length, *(headers or (secret,)))
    head = "\r\n".join(["POST /webhooks/pluggy HTTP/1.1", *lines, "", ""]).encode()
    return head + (b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body)


def send(stack: ProductStack, request: bytes) -> int:
    """Send bytes to the web server and return the status of its response."""
    with socket.create_connection(("127.0.0.1", port_of(stack.url)), timeout=20) as connection:
        connection.sendall(request)
        return int(connection.recv(4096).split(b" ", 2)[1])


def test_a_delivery_may_come_in_chunks_and_a_large_one_is_413(release: Release) -> None:
    bodies = [json.dumps(event(item=release.item)).encode() for _ in range(2)]
    assert [send(release.stack, delivery(body, chunked=n == 1)) for n, body in enumerate(bodies)] == [202] * 2
    ids = ", ".join(f"'{json.loads(body)['eventId']}'" for body in bodies)
    assert release.count("webhooks_event", f"event_id IN ({ids})") == 2
    large = json.dumps(event(item=release.item, padding="x" * 300_000)).encode()
    assert [send(release.stack, delivery(large, chunked=chunked)) for chunked in (False, True)] == [413] * 2


def test_the_secret_of_a_delivery_has_no_second_name(release: Release) -> None:
    """A client of the proxy cannot send a header that Django would take for another one."""
    secret, body = TEST_SETTINGS["PLUGGY_WEBHOOK_SECRET"], json.dumps(event(item=release.item)).encode()
    assert send(release.stack, delivery(body, f"X_Webhook_Secret: {secret}")) == 400
    assert (
        send(release.stack, delivery(body, "X-Webhook-Secret: wrong", f"X_Webhook_Secret: {secret}")) == 400
    )
    assert send(release.stack, delivery(body, f"X-Webhook-Secret: {secret}", "X_Forwarded_For: ::1")) == 400
    assert not release.count("webhooks_event", f"event_id = '{json.loads(body)['eventId']}'")


def test_the_web_answers_what_it_has_accepted(release: Release) -> None:
    """F-53: a delivery that is half sent when the web server gets SIGTERM is stored and answered 202."""
    body = json.dumps(event(item=release.item))
    head = (
        f"POST /webhooks/pluggy HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"X-Webhook-Secret: {TEST_SETTINGS['PLUGGY_WEBHOOK_SECRET']}\r\nContent-Length: {len(body)}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    web = release.stack.children["web"]
    with socket.create_connection(("127.0.0.1", port_of(release.stack.url)), timeout=20) as pluggy:
        pluggy.sendall(head.encode())
        assert pluggy.recv(4096).startswith(b"HTTP/1.1 100")  # the server waits for the body

        def is_closed() -> bool:
            web.send_signal(
                signal.SIGTERM
            )  # repeated, because a signal can be lost while the server starts to wait
            return not is_answering(release.stack.url)

        wait_until(is_closed, seconds=20, what="the server accepts no new request")
        pluggy.sendall(body.encode())
        assert pluggy.recv(4096).startswith(b"HTTP/1.1 202")
    web.wait(20)
    assert release.count("webhooks_event", f"event_id = '{json.loads(body)['eventId']}'") == 1
