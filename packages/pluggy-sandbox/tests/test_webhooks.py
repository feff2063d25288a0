"""Webhooks: registration, delivery, retries, order and delivery faults."""

import hmac
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox_testing.program import GOOD, Client, Program, Receiver, wait_until

Json = dict[str, Any]


def test_registration_rules(pluggy: Client, receiver: Receiver) -> None:
    made = pluggy.post("/webhooks", url=receiver.url, event="item/error")
    assert made.status_code == 201 and made.json()["headers"] == {} and made.json()["disabledAt"] is None
    hook = f"/webhooks/{made.json()['id']}"
    twice = pluggy.post("/webhooks", url=receiver.url, event="item/error")
    assert "already exists" in twice.json()["message"] and twice.status_code == 400
    assert "Invalid event" in pluggy.post("/webhooks", url=receiver.url, event="item/none").json()["message"]
    assert "https" in pluggy.post("/webhooks", url="http://example.com/x", event="all").json()["message"]
    assert "IP" in pluggy.post("/webhooks", url="https://8.8.8.8/x", event="all").json()["message"]
    assert "valid URL" in pluggy.post("/webhooks", url="nothing", event="all").json()["message"]
    assert pluggy.patch(hook, enabled=False).json()["disabledAt"]
    assert pluggy.patch(hook, enabled=True).json()["disabledAt"] is None
    assert pluggy.get(hook).json()["event"] == "item/error"
    assert pluggy.delete(hook).json() == {"count": 1}
    assert pluggy.get(hook).json()["codeDescription"] == "WEBHOOK_NOT_FOUND"


def test_five_webhooks_per_event(pluggy: Client, receiver: Receiver) -> None:
    event = "connector/status_updated"
    made = [pluggy.post("/webhooks", url=f"{receiver.url}/{n}", event=event) for n in range(6)]
    assert [answer.status_code for answer in made] == [201] * 5 + [400]
    assert "maximum of 5" in made[5].json()["message"]
    for answer in made[:5]:
        pluggy.delete(f"/webhooks/{answer.json()['id']}")


def test_a_first_run_sends_all_events_with_the_headers(pluggy: Client, hooked: Receiver) -> None:
    item = pluggy.connect(9001, clientUserId="eva")["id"]
    wait_until(lambda: hooked.events("item/created", item))
    assert len(hooked.events("item/login_succeeded", item)) == 1
    created = hooked.events("transactions/created", item)
    assert len(created) == 3
    for event in created:
        transactions = pluggy.transactions(
            event["accountId"], createdAtFrom=event["transactionsCreatedAtFrom"]
        )
        assert len(transactions) == event["transactionsCount"]
        assert min(transaction["date"] for transaction in transactions) == event["transactionsMinDate"]
        assert event["createdTransactionsLink"].startswith(pluggy.url + "/v2/transactions?accountId=")
        assert "triggeredBy" not in event
    assert all(headers["authorization"] == "s3cret" for _, headers in hooked.got)
    final = hooked.events("item/created", item)[0]
    assert (final["clientUserId"], final["triggeredBy"], final["id"]) == ("eva", "CLIENT", item)


def test_events_of_later_runs_failures_and_deletions(pluggy: Client, hooked: Receiver) -> None:
    item = pluggy.connect(2)["id"]
    pluggy.patch(f"/items/{item}")
    wait_until(lambda: hooked.events("item/updated", item))
    pluggy.settled(item)
    pluggy.patch(f"/items/{item}", parameters={"user": "user-locked", "password": "password-ok"})
    error = wait_until(lambda: hooked.events("item/error", item))[0]
    assert error["error"]["code"] == "ACCOUNT_LOCKED"
    pluggy.delete(f"/items/{item}")
    assert "triggeredBy" not in wait_until(lambda: hooked.events("item/deleted", item))[0]
    waiting = pluggy.connect(5)["id"]
    wait_until(lambda: hooked.events("item/waiting_user_input", waiting))


def test_a_failed_delivery_is_retried_with_the_same_id(pluggy: Client, hooked: Receiver) -> None:
    item = pluggy.connect(2)["id"]
    wait_until(lambda: hooked.events("item/created", item))
    hooked.answers[:] = [500, 503]
    pluggy.post(f"/_control/items/{item}/status", executionStatus="SITE_NOT_AVAILABLE")
    tries = wait_until(
        lambda: len(hooked.events("item/error", item)) == 3 and hooked.events("item/error", item)
    )
    assert len({event["eventId"] for event in tries}) == 1
    log = wait_until(lambda: delivered(pluggy, item, "item/error"))
    assert [attempt["status"] for attempt in log["attempts"]] == [500, 503, 200]


def test_401_is_not_retried(pluggy: Client, hooked: Receiver) -> None:
    item = pluggy.connect(2)["id"]
    wait_until(lambda: hooked.events("item/created", item))
    hooked.answers[:] = [401]
    pluggy.post(f"/_control/items/{item}/status", executionStatus="SITE_NOT_AVAILABLE")
    wait_until(lambda: delivered(pluggy, item, "item/error", state="refused"))
    pluggy.post(f"/_control/items/{item}/status", executionStatus="SUCCESS")
    wait_until(lambda: hooked.events("item/updated", item))
    assert len(hooked.events("item/error", item)) == 1


def test_the_url_of_an_item_gets_the_same_ids_without_headers(
    pluggy: Client, hooked: Receiver, receiver: Receiver
) -> None:
    url = f"{receiver.url}/of-the-item"
    made = pluggy.post("/items", connectorId=2, parameters=GOOD, webhookUrl=url).json()["id"]
    wait_until(lambda: len(hooked.events("item/created", made)) == 2)
    first, second = [
        (body["eventId"], headers.get("authorization"))
        for body, headers in hooked.got
        if body["event"] == "item/created" and body["itemId"] == made
    ]
    assert first[0] == second[0] and {first[1], second[1]} == {"s3cret", None}


def test_held_deliveries_are_released_in_the_given_order(pluggy: Client, hooked: Receiver) -> None:
    pluggy.post("/_control/webhooks/hold")
    item = pluggy.connect(2)["id"]
    assert hooked.events(item_id=item) == []
    pluggy.post("/_control/webhooks/release", order="reversed")
    wait_until(lambda: hooked.events("item/login_succeeded", item))
    assert [event["event"] for event in hooked.events(item_id=item)] == [
        "item/created",
        "transactions/created",
        "transactions/created",
        "transactions/created",
        "item/login_succeeded",
    ]


def add_fault(pluggy: Client, item: str, **settings: Any) -> None:
    """Switch a delivery fault for the next item/updated on, and cause that event."""
    pluggy.post("/_control/deliveries/faults", event="^item/updated", **settings)
    pluggy.post(f"/_control/items/{item}/status", executionStatus="SUCCESS")


@pytest.fixture
def connected(pluggy: Client, hooked: Receiver) -> Iterator[str]:
    """Return an item whose first events have arrived; delivery faults are switched off after the test."""
    item = str(pluggy.connect(2)["id"])
    wait_until(lambda: hooked.events("item/created", item))
    yield item
    pluggy.delete("/_control/deliveries/faults")


def log(pluggy: Client, item: str, event: str) -> list[Json]:
    events: list[Json] = pluggy.get("/_control/events", itemId=item, event=event).json()["results"]
    return events


def test_a_lost_event_is_only_in_the_log(pluggy: Client, hooked: Receiver, connected: str) -> None:
    add_fault(pluggy, connected, kind="lost")
    pluggy.post(f"/_control/items/{connected}/status", executionStatus="SITE_NOT_AVAILABLE")
    wait_until(lambda: hooked.events("item/error", connected))
    assert hooked.events("item/updated", connected) == []
    lost = log(pluggy, connected, "item/updated")[0]
    assert (lost["fault"], lost["deliveries"][0]["state"], lost["deliveries"][0]["attempts"]) == (
        "lost",
        "lost",
        [],
    )
    assert pluggy.get("/_control/deliveries/faults").json()["results"][0]["hits"] == 1


def test_a_doubled_event_has_one_id(pluggy: Client, hooked: Receiver, connected: str) -> None:
    add_fault(pluggy, connected, kind="doubled")
    twice = wait_until(
        lambda: (
            len(hooked.events("item/updated", connected)) == 2 and hooked.events("item/updated", connected)
        )
    )
    assert twice[0] == twice[1]


def test_a_delayed_event_arrives_after_the_next(pluggy: Client, hooked: Receiver, connected: str) -> None:
    add_fault(pluggy, connected, kind="delayed", seconds=0.4)
    pluggy.post(f"/_control/items/{connected}/status", executionStatus="SITE_NOT_AVAILABLE")
    wait_until(lambda: hooked.events("item/updated", connected))
    assert [e["event"] for e in hooked.events(item_id=connected)][-2:] == ["item/error", "item/updated"]


def test_reordered_events_are_swapped_without_waiting(
    pluggy: Client, hooked: Receiver, connected: str
) -> None:
    add_fault(pluggy, connected, kind="reordered", seconds=60)
    pluggy.post(f"/_control/items/{connected}/status", executionStatus="SITE_NOT_AVAILABLE")
    wait_until(lambda: hooked.events("item/updated", connected))
    assert [e["event"] for e in hooked.events(item_id=connected)][-2:] == ["item/error", "item/updated"]


@pytest.mark.parametrize("variant", ["client", "item", "secret"])
def test_a_forged_event_resembles_the_event(
    pluggy: Client, hooked: Receiver, connected: str, variant: str
) -> None:
    add_fault(pluggy, connected, kind="forged", variant=variant)
    wait_until(lambda: len([e for e in hooked.events("item/updated") if e["clientUserId"] is None]) >= 2)
    (true, headers), (false, false_headers) = hooked.got[-2:]
    assert true["eventId"] != false["eventId"]
    assert (true["clientId"] != false["clientId"]) == (variant == "client")
    assert (true["itemId"] != false["itemId"]) == (variant == "item")
    assert ("authorization" not in false_headers) == (variant == "secret") and "authorization" in headers
    logged = pluggy.get(f"/_control/events/{false['eventId']}").json()
    assert logged["fault"] == f"forged: {variant}"


def test_random_delivery_faults_by_seed(pluggy: Client, hooked: Receiver, connected: str) -> None:
    pluggy.post("/_control/chaos", seed=3, rate=0, events={"rate": 0.5, "kinds": ["lost"]})
    for _ in range(12):
        pluggy.post(f"/_control/items/{connected}/status", executionStatus="SUCCESS")
    affected = pluggy.delete("/_control/chaos").json()["events"]["struck"]
    faults = [event["fault"] for event in log(pluggy, connected, "item/updated")]
    assert [n + 1 for n, fault in enumerate(faults) if fault == "lost"] == [entry["n"] for entry in affected]
    assert 0 < len(affected) < 12


def test_three_failed_deliveries_disable_a_webhook(tmp_path: Path, receiver: Receiver) -> None:
    program = Program(tmp_path, flags=("--pace", "0.001")).start()
    pluggy = Client(program.url)
    hook = pluggy.post(
        "/webhooks", url=receiver.url, event="item/error", headers={"X-Secret": "s3cret"}
    ).json()
    item = str(pluggy.connect(2)["id"])

    def fail() -> None:
        pluggy.post(f"/_control/items/{item}/status", executionStatus="SITE_NOT_AVAILABLE")

    def disabled() -> Any:
        return pluggy.get(f"/webhooks/{hook['id']}").json()["disabledAt"]

    receiver.answers[:] = [500] * 18 + [200] + [500] * 27
    for number in range(5):
        fail()
        wait_until(lambda count=number + 1: settled(pluggy, item) == count)
        assert not disabled()  # the third one arrived: the count started again
    fail()
    wait_until(disabled)
    assert len(receiver.got) == 18 + 1 + 27
    states = [event["deliveries"][0] for event in log(pluggy, item, "item/error")]
    assert [(entry["state"], entry["tries"]) for entry in states] == [
        *[("given_up", 9)] * 2, ("delivered", 1), *[("given_up", 9)] * 3
    ]  # fmt: skip
    fail()
    assert log(pluggy, item, "item/error")[-1]["deliveries"] == []
    pluggy.patch(f"/webhooks/{hook['id']}", enabled=True)
    fail()
    wait_until(lambda: len(receiver.got) == 18 + 1 + 27 + 1)
    assert program.stop() == 0


def settled(pluggy: Client, item: str) -> int:
    events = log(pluggy, item, "item/error")
    return len([event for event in events if event["deliveries"][0]["state"] != "waiting"])


def test_a_login_event_is_tried_only_three_times(tmp_path: Path, receiver: Receiver) -> None:
    program = Program(tmp_path, flags=("--pace", "0.001")).start()
    pluggy = Client(program.url)
    pluggy.post("/webhooks", url=receiver.url, event="item/login_succeeded")
    receiver.answers[:] = [503] * 9
    item = str(pluggy.connect(2)["id"])
    wait_until(lambda: delivered(pluggy, item, "item/login_succeeded", state="given_up"))
    assert len(receiver.got) == 3
    assert program.stop() == 0


def test_the_signature_covers_the_body(tmp_path: Path, receiver: Receiver) -> None:
    flags = ("--signing-secret", "hush", "--signature-header", "X-Signed")
    program = Program(tmp_path, flags=flags).start()
    pluggy = Client(program.url)
    pluggy.post("/webhooks", url=receiver.url, event="item/created")
    item = str(pluggy.connect(2)["id"])
    wait_until(lambda: receiver.got)
    event = pluggy.get(f"/_control/events/{receiver.got[0][0]['eventId']}").json()
    assert event["itemId"] == item
    body = event["request"].encode()
    assert receiver.got[0][1]["x-signed"] == hmac.new(b"hush", body, "sha256").hexdigest()
    assert program.stop() == 0


def test_the_log_shows_bodies_and_hides_secrets(pluggy: Client, hooked: Receiver, connected: str) -> None:
    event = (
        wait_until(lambda: delivered(pluggy, connected, "item/created"))
        and log(pluggy, connected, "item/created")[0]
    )
    shown = pluggy.get(f"/_control/events/{event['eventId']}").json()
    assert shown["payload"]["itemId"] == connected and shown["request"].startswith("{")
    assert shown["deliveries"][0]["attempts"][0]["response"] == "thanks"
    assert "s3cret" not in str(shown) and "Authorization" in shown["deliveries"][0]["headers"]
    assert "s3cret" not in pluggy.get("/_control/state").text


def delivered(pluggy: Client, item: str, event: str, state: str = "delivered") -> Json | None:
    events = pluggy.get("/_control/events", itemId=item, event=event).json()["results"]
    deliveries = [entry for event in events for entry in event["deliveries"] if entry["state"] == state]
    return deliveries[0] if deliveries else None
