"""Webhooks: registration rules, delivery, retries and the order of things."""

from typing import Any

from tests.sandbox.conftest import GOOD, Client, Receiver, until

Json = dict[str, Any]


def test_registration_rules(pluggy: Client, receiver: Receiver) -> None:
    made = pluggy.post("/webhooks", url=receiver.url, event="item/error")
    assert made.status_code == 201 and made.json()["headers"] == {} and made.json()["disabledAt"] is None
    hook = f"/webhooks/{made.json()['id']}"
    twice = pluggy.post("/webhooks", url=receiver.url, event="item/error")
    assert "already exists" in twice.json()["message"] and twice.status_code == 400
    assert "Invalid event" in pluggy.post("/webhooks", url=receiver.url, event="item/all").json()["message"]
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


def test_a_first_run_is_told_in_full_with_the_headers(pluggy: Client, hooked: Receiver) -> None:
    item = pluggy.connect(9001, clientUserId="eva")["id"]
    until(lambda: hooked.events("item/created", item))
    assert len(hooked.events("item/login_succeeded", item)) == 1
    created = hooked.events("transactions/created", item)
    assert len(created) == 3
    for event in created:
        rows = pluggy.rows(event["accountId"], createdAtFrom=event["transactionsCreatedAtFrom"])
        assert len(rows) == event["transactionsCount"]
        assert min(row["date"] for row in rows) == event["transactionsMinDate"]
        assert event["createdTransactionsLink"].startswith(pluggy.url + "/v2/transactions?accountId=")
        assert "triggeredBy" not in event
    assert all(headers["authorization"] == "s3cret" for _, headers in hooked.got)
    final = hooked.events("item/created", item)[0]
    assert (final["clientUserId"], final["triggeredBy"], final["id"]) == ("eva", "CLIENT", item)


def test_later_runs_failures_and_goodbyes(pluggy: Client, hooked: Receiver) -> None:
    item = pluggy.connect(2)["id"]
    pluggy.patch(f"/items/{item}")
    until(lambda: hooked.events("item/updated", item))
    pluggy.settled(item)
    pluggy.patch(f"/items/{item}", parameters={"user": "user-locked", "password": "password-ok"})
    error = until(lambda: hooked.events("item/error", item))[0]
    assert error["error"]["code"] == "ACCOUNT_LOCKED"
    pluggy.delete(f"/items/{item}")
    assert "triggeredBy" not in until(lambda: hooked.events("item/deleted", item))[0]
    waiting = pluggy.connect(5)["id"]
    until(lambda: hooked.events("item/waiting_user_input", waiting))


def test_a_failed_delivery_is_tried_again_with_the_same_id(pluggy: Client, hooked: Receiver) -> None:
    item = pluggy.connect(2)["id"]
    until(lambda: hooked.events("item/created", item))
    hooked.answers[:] = [500, 503]
    pluggy.post(f"/_control/items/{item}/status", executionStatus="SITE_NOT_AVAILABLE")
    tries = until(lambda: len(hooked.events("item/error", item)) == 3 and hooked.events("item/error", item))
    assert len({event["eventId"] for event in tries}) == 1
    log = until(lambda: delivered(pluggy, item, "item/error"))
    assert [attempt["status"] for attempt in log["attempts"]] == [500, 503, 200]


def test_401_is_never_tried_again(pluggy: Client, hooked: Receiver) -> None:
    item = pluggy.connect(2)["id"]
    until(lambda: hooked.events("item/created", item))
    hooked.answers[:] = [401]
    pluggy.post(f"/_control/items/{item}/status", executionStatus="SITE_NOT_AVAILABLE")
    until(lambda: delivered(pluggy, item, "item/error", state="refused"))
    pluggy.post(f"/_control/items/{item}/status", executionStatus="SUCCESS")
    until(lambda: hooked.events("item/updated", item))
    assert len(hooked.events("item/error", item)) == 1


def test_the_url_of_an_item_gets_the_same_ids_without_headers(
    pluggy: Client, hooked: Receiver, receiver: Receiver
) -> None:
    url = f"{receiver.url}/of-the-item"
    made = pluggy.post("/items", connectorId=2, parameters=GOOD, webhookUrl=url).json()["id"]
    until(lambda: len(hooked.events("item/created", made)) == 2)
    first, second = [
        (body["eventId"], headers.get("authorization"))
        for body, headers in hooked.got
        if body["event"] == "item/created" and body["itemId"] == made
    ]
    assert first[0] == second[0] and {first[1], second[1]} == {"s3cret", None}


def test_held_deliveries_leave_in_the_given_order(pluggy: Client, hooked: Receiver) -> None:
    pluggy.post("/_control/webhooks/hold")
    item = pluggy.connect(2)["id"]
    assert hooked.events(item_id=item) == []
    pluggy.post("/_control/webhooks/release", order="reversed")
    until(lambda: hooked.events("item/login_succeeded", item))
    assert [event["event"] for event in hooked.events(item_id=item)] == [
        "item/created",
        "transactions/created",
        "transactions/created",
        "transactions/created",
        "item/login_succeeded",
    ]


def delivered(pluggy: Client, item: str, event: str, state: str = "delivered") -> Json | None:
    found = pluggy.get("/_control/events", itemId=item, event=event).json()["results"]
    deliveries = [one for event in found for one in event["deliveries"] if one["state"] == state]
    return deliveries[0] if deliveries else None
