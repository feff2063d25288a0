"""A release in mid-work, with real processes: what is told to end ends well, what is killed goes on."""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from dev import processes
from dev.check import TESTING
from dev.stage import Stage, answers, port_of
from tests.localpluggy import AURORA, wait_until
from tests.payloads import event

NAMES = ("pluggy", "web", "worker", "beat")
SLOW = 2.0  # seconds that a run waits for an answer: time to be told to end
LEASE_IS_OVER = "UPDATE banking_syncstate SET lease_until = now() - interval '1 second' RETURNING fence"


class Release:
    """One person with one bank on a stage, and what a release does to it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        made = stage.manage("create_person", "ana@example.com", "--password", "a-long-pass-word")
        keys = {"clientId": TESTING["PLUGGY_CLIENT_ID"], "clientSecret": TESTING["PLUGGY_CLIENT_SECRET"]}
        api = stage.pluggy_url
        headers = {"X-API-KEY": requests.post(f"{api}/auth", json=keys, timeout=10).json()["apiKey"]}
        body = {
            "connectorId": AURORA,
            "parameters": {"user": "user-ok", "password": "password-ok"},
            "clientUserId": json.loads(made.stdout)["reference"],
        }
        self.item = requests.post(f"{api}/items", json=body, headers=headers, timeout=30).json()["id"]
        wait_until(
            lambda: self.count("banking_syncrun", "outcome = 'succeeded'"), seconds=60, what="a reading"
        )
        self.wait_until_settled()

    def spend(self) -> str:
        """The bank has a new row and tells of it; the answer to the run's question is slow."""
        self.stage.control(
            "POST", "/faults", method="GET", path="/v2/transactions", kind="latency", seconds=SLOW, times=1
        )
        row = self.stage.control("POST", f"/items/{self.item}/transactions", description="NOVA", amount=-7)
        wait_until(lambda: self.count("banking_syncrun", "outcome = 'running'"), seconds=20, what="a run")
        return str(row["id"])

    def wait_until_settled(self) -> None:
        done = "synced_seq = dirty_seq AND lease_until IS NULL AND synced_seq > 0"
        wait_until(
            lambda: (
                not self.stage.control("GET", "/state")["waitingDeliveries"]
                and self.count("banking_syncstate", done)
            ),
            seconds=60,
            what="all is read",
        )

    def count(self, table: str, condition: str) -> int:
        return int(self.stage.query(f"SELECT count(*) FROM {table} WHERE {condition}")[0][0])

    def has(self, row: str) -> bool:
        return self.count("banking_transaction", f"id = '{row}'") == 1

    def children(self) -> set[int]:
        return {one.pid for one in processes.family(self.stage.children["worker"].pid)[1:]}


@pytest.fixture(scope="module")
def release(project_root: Path) -> Iterator[Release]:
    with Stage(project_root / "var" / "deploy", names=NAMES, pluggy_flags=("--pace", "0.2")) as stage:
        yield Release(stage)


def test_a_worker_that_is_told_to_end_finishes_its_run(release: Release) -> None:
    """F-53, SIGTERM: nothing is left behind for anybody."""
    row = release.spend()
    worker = release.stage.children["worker"]
    worker.send_signal(signal.SIGTERM)
    worker.wait(30)
    assert release.count("banking_syncrun", "outcome = 'running'") == 0
    assert release.has(row)
    release.stage.spawn("worker")


def test_a_worker_that_is_killed_loses_nothing(release: Release) -> None:
    """F-53, SIGKILL: the next release's worker goes on when the lease is over."""
    release.wait_until_settled()
    row = release.spend()
    release.stage.kill("worker")
    assert not release.has(row)
    release.stage.query(LEASE_IS_OVER)  # as a minute later
    release.stage.spawn("worker")
    release.wait_until_settled()
    assert release.has(row)
    assert release.count("banking_syncrun", "error = 'its worker was lost'") == 1
    assert release.stage.manage("verify", "--remote").stdout == "all is well\n"


def test_a_child_that_grew_is_replaced(release: Release) -> None:
    """F-55: with a limit that every child is beyond, none of them does a second task."""
    release.stage.kill("worker")
    release.stage.spawn("worker", "--max-memory-per-child", "1")
    wait_until(release.children, seconds=30, what="the worker has children")
    before = release.children()
    wait_until(lambda: not before & release.children(), seconds=30, what="other children")
    row = release.spend()
    release.wait_until_settled()
    assert release.has(row)


def test_the_web_answers_what_it_has_accepted(release: Release) -> None:
    """F-53: a delivery that has begun to arrive when the web is told to end is stored and answered 202."""
    body = json.dumps(event(item=release.item))
    head = (
        f"POST /webhooks/pluggy HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"X-Webhook-Secret: {TESTING['PLUGGY_WEBHOOK_SECRET']}\r\nContent-Length: {len(body)}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    web = release.stage.children["web"]
    with socket.create_connection(("127.0.0.1", port_of(release.stage.url)), timeout=20) as pluggy:
        pluggy.sendall(head.encode())
        assert pluggy.recv(4096).startswith(b"HTTP/1.1 100")  # somebody waits for the body

        def is_closed() -> bool:
            web.send_signal(signal.SIGTERM)  # again and again: one that comes while it starts to wait is lost
            return not answers(release.stage.url)

        wait_until(is_closed, seconds=20, what="no new request is taken")
        pluggy.sendall(body.encode())
        assert pluggy.recv(4096).startswith(b"HTTP/1.1 202")
    web.wait(20)
    assert release.count("webhooks_event", f"event_id = '{json.loads(body)['eventId']}'") == 1
