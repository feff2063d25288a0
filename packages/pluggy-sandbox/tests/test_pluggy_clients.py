"""What Pluggy's own clients and their test suites take for granted."""

from collections.abc import Iterator
from pathlib import Path

import pluggy_sdk
import pytest
import requests

from pluggy_sandbox.api.webhooks import EVENTS
from sandbox_testing.program import GOOD, Client, Program, Receiver, wait_until

NODE_CLIENT = {"User-Agent": "PluggyNode/0.90.0 node.js/24.10.0 Got/11.8.6"}
PAYMENT_EVENTS = sorted(name.value for name in pluggy_sdk.WebhookEventType if "pay" in name.value)


def create_webhook(client: Client, event: str = "item/updated", **headers: str) -> requests.Response:
    body = {"url": f"https://example.com/{event}/{len(headers)}", "event": event}
    answer = client.http.post(f"{client.url}/webhooks", json=body, headers=headers, timeout=10)
    if answer.ok:
        client.delete(f"/webhooks/{answer.json()['id']}")
    return answer


@pytest.fixture
def fixed(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Client]:
    """Start a program that answers POST /webhooks with one status for every client."""
    program = Program(tmp_path, flags=("--webhook-created-status", request.param)).start()
    yield Client(program.url)
    assert program.stop() == 0


def test_connector_0_is_pluggy_bank(pluggy: Client) -> None:
    assert pluggy.get("/connectors/0").json()["name"] == "Pluggy Bank"
    listed = {entry["id"]: entry for entry in pluggy.get("/connectors", sandbox="true").json()["results"]}
    assert listed[0]["isSandbox"] is True and len(listed[0]["credentials"]) == 2
    assert 0 not in [entry["id"] for entry in pluggy.get("/connectors").json()["results"]]
    assert pluggy.post("/connectors/0/validate", **GOOD).json()["errors"] == []
    assert pluggy.get("/static/connectors/0.svg").ok


def test_an_item_of_connector_0_has_everything(pluggy: Client) -> None:
    item = pluggy.connect(0, clientUserId="zero")
    assert (item["status"], item["connector"]["id"]) == ("UPDATED", 0)
    accounts = pluggy.accounts(item["id"])
    assert set(accounts) == {"CHECKING_ACCOUNT", "SAVINGS_ACCOUNT", "CREDIT_CARD"}
    purchase = next(entry for entry in pluggy.transactions(accounts["CREDIT_CARD"]["id"]))
    assert purchase["amount"] < 0 and purchase["type"] == "CREDIT"  # the quirk of Pluggy Bank
    assert pluggy.get("/investments", itemId=item["id"]).json()["total"] > 0
    assert pluggy.get("/loans", itemId=item["id"]).json()["total"] > 0
    assert pluggy.get("/identity", itemId=item["id"]).json()["fullName"]
    assert pluggy.connect(0, clientUserId="zero-wrong", parameters=GOOD | {"password": "no"})["error"]


@pytest.mark.parametrize("connector", [False, True, None, "0", 0.0, [], {}, -1])
def test_only_a_number_names_a_connector(pluggy: Client, connector: object) -> None:
    assert pluggy.post("/items", connectorId=connector, parameters=GOOD).status_code == 404
    world = pluggy.post("/_control/world", items=[{"connectorId": connector, "accounts": []}])
    assert world.status_code == 400 and "connectorId" in world.json()["message"]
    world = pluggy.post("/_control/world", items=[{"connector": connector, "accounts": []}])
    assert world.status_code == 400


def test_every_event_of_the_specification_can_be_subscribed(pluggy: Client) -> None:
    names = {name.value for name in pluggy_sdk.WebhookEventType} | {"all", "item/all"}
    assert set(PAYMENT_EVENTS) and names == set(EVENTS)
    for event in sorted(names):
        assert create_webhook(pluggy, event).status_code == 201, event
    for event in ("item/none", "payment_intent/all", "", None, 7, ["all"], {}):
        answer = pluggy.post("/webhooks", url="https://example.com/x", event=event)
        assert answer.status_code == 400, event


def test_item_all_gets_item_events_only(pluggy: Client, receiver: Receiver) -> None:
    with pluggy.unchecked():  # Pluggy's reference page has this event, its specification does not
        hook = pluggy.post("/webhooks", url=receiver.url, event="item/all").json()
    payments = pluggy.post("/webhooks", url=f"{receiver.url}/pay", event="payment_intent/created").json()
    item = pluggy.connect(9001, clientUserId="item-all")["id"]
    wait_until(lambda: receiver.events("item/created", item))
    pluggy.delete(f"/items/{item}")
    wait_until(lambda: receiver.events("item/deleted", item))
    names = [event["event"] for event in receiver.events(item_id=item)]
    assert names == ["item/login_succeeded", "item/created", "item/deleted"]
    for made in (hook, payments):
        pluggy.delete(f"/webhooks/{made['id']}")


def test_the_status_of_a_new_webhook_is_the_one_that_the_client_accepts(pluggy: Client) -> None:
    assert create_webhook(pluggy).status_code == 201  # the specification and the Python client
    assert create_webhook(pluggy, **NODE_CLIENT).status_code == 200
    python = {"User-Agent": "OpenAPI-Generator/1.0.0.post74/python"}
    assert create_webhook(pluggy, **python).status_code == 201
    assert create_webhook(pluggy, "item/none", **NODE_CLIENT).status_code == 400


@pytest.mark.parametrize("fixed", ["200", "201"], indirect=True)
def test_the_status_of_a_new_webhook_can_be_fixed(fixed: Client, request: pytest.FixtureRequest) -> None:
    expected = int(request.node.callspec.params["fixed"])
    fixed.checking = False
    assert create_webhook(fixed).status_code == expected
    assert create_webhook(fixed, **NODE_CLIENT).status_code == expected


@pytest.mark.parametrize(
    "path",
    [
        "/benefits?itemId=x", "/benefits/1", "/income-reports", "/payroll-loans", "/payroll-loans/1",
        "/portfolio/1", "/portfolio/1/monthly", "/acquirer-sales", "/acquirer-receivables/1",
        "/acquirer-anticipations", "/payments/requests", "/smart-transfers/payments/1", "/boletos",
        "/boleto-connections", "/items/1/scr",
    ],
)  # fmt: skip
def test_what_is_not_imitated_says_so(pluggy: Client, path: str) -> None:
    for method in ("GET", "POST"):
        answer = pluggy.send(method, path)
        assert answer.status_code == 501, answer.text
        assert "not imitated" in answer.json()["message"]
    nothing = pluggy.get("/portfolios")
    assert nothing.status_code == 404 and nothing.json()["code"] == 404
