"""The simulated clock, and what becomes due when it is moved."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox_testing.program import GOOD, Client, Program, Receiver, wait_until


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Program, Client]]:
    """Start an own program, because moving the clock would affect other tests."""
    program = Program(tmp_path, flags=("--today", "2026-03-12")).start()
    yield program, Client(program.url)
    assert program.stop() == 0


def test_the_clock_moves_forward_only_and_survives_a_restart(tmp_path: Path) -> None:
    program = Program(tmp_path).start()
    client = Client(program.url)
    before = client.get("/_control/clock").json()
    for body in ({}, {"days": 0}, {"days": -1}, {"days": 1, "months": 1}, {"months": 1.5}, {"to": "soon"}):
        assert client.post("/_control/clock", **body).status_code == 400, body
    past = client.post("/_control/clock", to="2020-01-01T00:00:00Z")
    assert (past.status_code, past.json()["message"]) == (400, "the clock only moves forward")
    assert client.post("/_control/clock", days=3).json()["now"][:10] > before["now"][:10]
    moved = client.post("/_control/clock", to="2031-01-31T12:00:00Z").json()
    assert (moved["now"][:16], moved["today"]) == ("2031-01-31T12:00", "2031-01-31")
    assert client.post("/_control/clock", months=1).json()["today"] == "2031-02-28"
    program.stop()
    again = Client(program.start().url)
    assert again.get("/_control/clock").json()["today"] == "2031-02-28"
    assert again.connect(2)["createdAt"].startswith("2031-02-28")
    again.post("/_control/reset")
    assert again.get("/_control/clock").json()["offsetSeconds"] == 0
    assert program.stop() == 0


def test_an_automatic_sync_runs_when_the_clock_moves(own: tuple[Program, Client], receiver: Receiver) -> None:
    client = own[1]
    client.post("/webhooks", url=receiver.url, event="all")
    item, test_bank = client.connect(9001), client.connect(2)
    assert item["nextAutoSyncAt"][:13] == "2026-03-13" + item["lastUpdatedAt"][10:13]
    assert test_bank["nextAutoSyncAt"] is None
    wait_until(lambda: len(receiver.events("item/created")) == 2)
    before = {
        transaction["id"]
        for transaction in client.transactions(client.accounts(item["id"])["CREDIT_CARD"]["id"])
    }
    receiver.got.clear()
    moved = client.post("/_control/clock", months=1).json()
    assert moved["dueToSync"] == [item["id"]]
    updated = wait_until(lambda: receiver.events("item/updated", item["id"]))[0]
    assert updated["triggeredBy"] == "SYNC"
    created = receiver.events("transactions/created", item["id"])
    assert created and all(event["transactionsCreatedAtFrom"][:10] >= "2026-04-12" for event in created)
    posted = receiver.events("transactions/updated", item["id"])
    billed = {row_id for event in posted for row_id in event["transactionIds"]}  # checking has its own
    assert billed & before  # the open cycle was billed meanwhile
    after = client.get(f"/items/{item['id']}").json()
    assert after["lastUpdatedAt"][:10] == "2026-04-12" and after["nextAutoSyncAt"][:10] == "2026-04-13"
    assert receiver.events(item_id=test_bank["id"]) == []


def test_failed_syncs_are_retried_five_times_hourly(own: tuple[Program, Client]) -> None:
    client = own[1]
    item = client.connect(9001)["id"]
    client.post("/_control/connectors/9001/status", status="OFFLINE")
    client.post("/_control/clock", days=1)
    seen = wait_until(lambda: failed_after(client, item, "2026-03-13T"))
    for _ in range(5):
        assert seen["nextAutoSyncAt"] is not None
        client.post("/_control/clock", hours=1)
        seen = wait_until(lambda seen=seen: failed_after(client, item, seen["updatedAt"]))
    assert seen["nextAutoSyncAt"] is None  # five tries after the first failure: left alone from now on
    client.post("/_control/connectors/9001/status", status="ONLINE")
    client.post(f"/_control/items/{item}/refresh")
    assert client.settled(item)["nextAutoSyncAt"] is not None


def failed_after(client: Client, item: str, moment: str) -> dict[str, str] | None:
    current_item = client.get(f"/items/{item}").json()
    ended = current_item["executionStatus"] == "SITE_NOT_AVAILABLE" and current_item["updatedAt"] > moment
    return current_item if ended else None


def test_a_consent_expires_by_the_clock(own: tuple[Program, Client]) -> None:
    client = own[1]
    item = client.connect(9002)["id"]
    client.post(f"/items/{item}/mfa", token="123456")
    assert client.settled(item)["status"] == "UPDATED"
    client.post(f"/_control/items/{item}/consent", expiresAt="2026-03-20T00:00:00Z")
    assert client.get(f"/items/{item}").json()["consentExpiresAt"] == "2026-03-20T00:00:00.000Z"
    client.post("/_control/clock", days=9)
    wait_until(lambda: client.get(f"/items/{item}").json()["consentExpiresAt"] is None)
    client.patch(f"/items/{item}")
    assert client.settled(item)["executionStatus"] == "USER_AUTHORIZATION_REVOKED"


def test_codes_expire_by_the_clock(own: tuple[Program, Client]) -> None:
    client = own[1]
    item = client.post("/items", connectorId=5, parameters=GOOD).json()["id"]
    assert client.settled(item)["status"] == "WAITING_USER_INPUT"
    client.post("/_control/clock", hours=1)
    wait_until(lambda: client.get(f"/items/{item}").json()["executionStatus"] == "USER_INPUT_TIMEOUT")


def test_automatic_syncs_can_be_switched_off_by_the_flag(tmp_path: Path) -> None:
    program = Program(tmp_path, flags=("--auto-sync-hours", "0.0001")).start()  # 0.36 s: real time counts too
    client = Client(program.url)
    item = client.connect(9001)
    wait_until(lambda: client.get(f"/items/{item['id']}").json()["lastUpdatedAt"] > item["lastUpdatedAt"])
    assert program.stop() == 0
