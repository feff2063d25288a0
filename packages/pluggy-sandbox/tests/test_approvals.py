"""Decisions of the user at the bank, lasting states of an item, and changes during a run."""

import re
from typing import Any

import pytest
import requests

from sandbox_testing.program import GOOD, Client, Receiver, wait_until
from sandbox_testing.scenarios import CPF, CPF_GRANTED, CPF_REFUSED, control, login, slow, start  # noqa: F401

Json = dict[str, Any]


# --- Approvals at the bank ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connector", "parameters", "kind"),
    [(9005, {}, "qr"), (2, login("user-ok-authorize"), "authorize-access")],
)
def test_an_approval_in_the_banks_app(
    pluggy: Client, hooked: Receiver, connector: int, parameters: Json, kind: str
) -> None:
    item = pluggy.settled(start(pluggy, connector, parameters))
    assert (item["status"], item["executionStatus"]) == ("WAITING_USER_ACTION", "WAITING_USER_ACTION")
    assert (
        item["userAction"]["type"] == kind and item["userAction"]["expiresAt"] and item["parameter"] is None
    )
    wait_until(lambda: hooked.events("item/waiting_user_action", item["id"]))
    control(pluggy, item["id"], "refuse")
    refused = pluggy.settled(item["id"])
    assert (refused["status"], refused["userAction"]) == ("LOGIN_ERROR", None)
    assert refused["error"]["code"] == "USER_AUTHORIZATION_NOT_GRANTED"
    assert control(pluggy, item["id"], "approve").status_code == 409
    pluggy.patch(f"/items/{item['id']}")
    page = pluggy.settled(item["id"])["userAction"]["attributes"]
    answer = at_the_bank(next(iter(page.values())), "approve", signed_in=True)
    assert "/connect/callback" in answer.url
    assert pluggy.settled(item["id"])["executionStatus"] == "SUCCESS"
    wait_until(lambda: hooked.events("item/created", item["id"]))
    pluggy.patch(f"/items/{item['id']}")  # the access lasts
    assert pluggy.settled(item["id"])["executionStatus"] == "SUCCESS"


def at_the_bank(page: str, decision: str, *, signed_in: bool = False) -> requests.Response:
    """Sign in on the bank's page and decide, as a browser does."""
    form = {"user": "ralph.bragg@gmail.com", "password": "P@ssword01"}
    shown = requests.get(page, timeout=5) if signed_in else requests.post(page, data=form, timeout=5)
    assert "not a bank" in shown.text
    match = re.search(r'name="ticket" value="(\w+)"', shown.text)
    assert match, shown.text
    return requests.post(f"{page}/{decision}", data={"ticket": match[1]}, timeout=5)


def test_open_finance_authorization_on_the_banks_page(pluggy: Client, hooked: Receiver) -> None:
    back = pluggy.url + "/back"
    made = start(pluggy, 600, {"cpf": CPF}, oauthRedirectUri=back)
    item = pluggy.settled(made)
    assert (item["status"], item["parameter"]["name"]) == ("WAITING_USER_INPUT", "oauth_code")
    assert item["connector"]["oauth"] is True and item["hasResourcesPendingAuthorization"] is False
    wait_until(lambda: hooked.events("item/waiting_user_input", made))
    page = item["parameter"]["data"]
    wrong = requests.post(page, data={"user": "x", "password": "y"}, timeout=5)
    assert "incorretos" in wrong.text and "ticket" not in wrong.text
    requests.post(f"{page}/approve", data={"ticket": "guessed"}, timeout=5)
    assert pluggy.get(f"/items/{made}").json()["status"] == "WAITING_USER_INPUT"
    assert f'href="{back}"' in at_the_bank(page, "approve").text
    done = pluggy.settled(made)
    assert done["executionStatus"] == "SUCCESS"
    assert done["resourcesCollectedAt"] == done["lastUpdatedAt"]
    assert (done["hasResourcesPendingAuthorization"], done["consentExpiresAt"]) == (False, None)
    assert "bank-over" in requests.get(page, timeout=5).text
    pluggy.patch(f"/items/{made}")
    assert pluggy.settled(made)["executionStatus"] == "SUCCESS"
    assert (
        "href"
        not in requests.get(f"{pluggy.url}/connect/callback?to=https://evil.example", timeout=5).text.split(
            "<main"
        )[1]
    )


def test_a_refusal_at_the_bank(pluggy: Client) -> None:
    item = pluggy.settled(start(pluggy, 600, {"cpf": CPF}))
    at_the_bank(item["parameter"]["data"], "refuse")
    assert pluggy.settled(item["id"])["error"]["code"] == "USER_AUTHORIZATION_NOT_GRANTED"


def test_the_documented_cpfs(pluggy: Client) -> None:
    wrong = pluggy.post("/items", connectorId=600, parameters={"cpf": "761.092.776-74"})
    assert wrong.json()["codeDescription"] == "CONNECTOR_VALIDATION_ERROR"
    unknown = pluggy.connect(600, parameters={"cpf": "529.982.247-25"})
    assert (unknown["status"], unknown["executionStatus"]) == ("LOGIN_ERROR", "INVALID_CREDENTIALS")


def test_accounts_of_several_holders(slow: Client, receiver: Receiver) -> None:  # noqa: F811
    slow.post("/webhooks", url=receiver.url, event="all")
    granted, refused = (slow.settled(start(slow, 600, {"cpf": cpf})) for cpf in (CPF_GRANTED, CPF_REFUSED))
    for item in (granted, refused):
        at_the_bank(item["parameter"]["data"], "approve")
        pending = slow.settled(item["id"])
        assert pending["executionStatus"] == "USER_AUTHORIZATION_PENDING"
        assert pending["hasResourcesPendingAuthorization"] is True
        wait_until(lambda item=item: receiver.events("item/error", item["id"]))
    wait_until(lambda: slow.get(f"/items/{granted['id']}").json()["executionStatus"] == "SUCCESS")
    wait_until(
        lambda: (
            slow.get(f"/items/{refused['id']}").json()["executionStatus"] == "USER_AUTHORIZATION_NOT_GRANTED"
        )
    )
    created = wait_until(lambda: receiver.events("item/created", granted["id"]))
    assert created[0]["triggeredBy"] == "INTERNAL"


# --- Lasting states -----------------------------------------------------------------------------------


def test_a_revoked_consent_lasts_until_the_user_reconnects(pluggy: Client, hooked: Receiver) -> None:
    for connector, parameters in ((9001, GOOD), (600, {"cpf": CPF})):
        item = pluggy.connect(connector, parameters=parameters)["id"]
        control(pluggy, item, "revoke")
        ended = pluggy.settled(item)
        assert (ended["status"], ended["executionStatus"]) == ("LOGIN_ERROR", "USER_AUTHORIZATION_REVOKED")
        assert ended["nextAutoSyncAt"] is None
        assert wait_until(lambda item=item: hooked.events("item/error", item))[0]["triggeredBy"] == "SYNC"
        assert pluggy.accounts(item) == {}
        pluggy.patch(f"/items/{item}")
        assert pluggy.settled(item)["executionStatus"] == "USER_AUTHORIZATION_REVOKED"
        pluggy.patch(f"/items/{item}", parameters=parameters)
        if pluggy.settled(item)["status"] == "WAITING_USER_INPUT":
            control(pluggy, item, "approve")
        assert pluggy.settled(item)["executionStatus"] == "SUCCESS"
        assert pluggy.accounts(item)


def test_a_widget_asks_for_an_ended_consent_again(pluggy: Client) -> None:
    item = pluggy.connect(600, parameters={"cpf": CPF})["id"]
    control(pluggy, item, "revoke")
    pluggy.settled(item)
    widget = pluggy.post("/connect_token", itemId=item).json()["accessToken"]
    requests.patch(f"{pluggy.url}/items/{item}", json={}, headers={"X-API-KEY": widget}, timeout=5)
    assert pluggy.settled(item)["parameter"]["name"] == "oauth_code"


def test_a_new_password_at_the_bank(pluggy: Client) -> None:
    item = pluggy.connect(9001)["id"]
    control(pluggy, item, "password")
    reset = pluggy.settled(item)
    assert (reset["status"], reset["executionStatus"]) == ("LOGIN_ERROR", "ACCOUNT_CREDENTIALS_RESET")
    assert pluggy.patch(f"/items/{item}").status_code == 400
    pluggy.patch(f"/items/{item}", parameters=GOOD)
    assert pluggy.settled(item)["executionStatus"] == "SUCCESS"


def test_a_bank_that_is_down(pluggy: Client, hooked: Receiver) -> None:
    item = pluggy.connect(9003)["id"]
    health = "/_control/connectors/9003/status"
    assert pluggy.post(health, status="SLEEPY").status_code == 400
    down = pluggy.post(health, status="OFFLINE").json()["health"]
    assert down["status"] == "OFFLINE" and down["incidents"][0]["severity"] == "MAJOR_OUTAGE"
    assert pluggy.get("/connectors/9003").json()["health"] == down
    event = wait_until(lambda: hooked.events("connector/status_updated"))[0]
    assert (event["connectorId"], event["data"]) == (9003, {"status": "OFFLINE"})
    for _ in range(2):
        pluggy.patch(f"/items/{item}")
        assert pluggy.settled(item)["executionStatus"] == "SITE_NOT_AVAILABLE"
    pluggy.post(health, status="ONLINE")
    pluggy.patch(f"/items/{item}")
    assert pluggy.settled(item)["executionStatus"] == "SUCCESS"
    assert pluggy.get("/connectors/9003").json()["health"]["incidents"] == []


# --- Races --------------------------------------------------------------------------------------------


def test_a_run_continues_when_the_item_changes_meanwhile(slow: Client) -> None:  # noqa: F811
    gone, changed = start(slow, 9001, GOOD), start(slow, 9001, GOOD)
    assert slow.patch(f"/items/{gone}").status_code == 409
    assert slow.delete(f"/items/{gone}").status_code == 200
    control(slow, changed, "failing", products=["CREDIT_CARDS"])  # changes the item, not its run
    assert slow.settled(changed)["executionStatus"] == "PARTIAL_SUCCESS"
    assert slow.get(f"/items/{gone}").status_code == 404
    assert slow.get("/accounts", itemId=gone).json()["results"] == []
