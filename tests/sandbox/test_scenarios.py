"""Every documented test user and CPF, codes and approvals, and the bank's moods that last."""

import base64
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import GOOD, Client, Program, Receiver, until

Json = dict[str, Any]
ERRORS = {  # user → (status, code)
    "user-logged": ("OUTDATED", "ALREADY_LOGGED_IN"),
    "user-locked": ("OUTDATED", "ACCOUNT_LOCKED"),
    "user-error": ("OUTDATED", "UNEXPECTED_ERROR"),
    "user-unavailable": ("OUTDATED", "SITE_NOT_AVAILABLE"),
    "user-account-need-actions": ("OUTDATED", "ACCOUNT_NEEDS_ACTION"),
    "user-account-need-actions-provider-message": ("OUTDATED", "ACCOUNT_NEEDS_ACTION"),
    "user-connection-error": ("OUTDATED", "CONNECTION_ERROR"),
    "user-account-credentials-reset": ("LOGIN_ERROR", "ACCOUNT_CREDENTIALS_RESET"),
    "user-not-supported": ("OUTDATED", "USER_NOT_SUPPORTED"),
    "user-ok-auth-pending": ("OUTDATED", "USER_AUTHORIZATION_PENDING"),
    "user-ok-perf-0x": ("LOGIN_ERROR", "INVALID_CREDENTIALS"),
    "user-ok-perf-5001x": ("LOGIN_ERROR", "INVALID_CREDENTIALS"),
    "somebody": ("LOGIN_ERROR", "INVALID_CREDENTIALS"),
}
FINE = (
    "user-ok",
    "user-ok-two-checking-accounts",
    "user-ok-multi-company",
    "user-ok-perf",
    "user-ok-perf-2x",
)
CPF, CPF_GRANTED, CPF_REFUSED = "761.092.776-73", "238.242.640-30", "051.177.670-55"


def login(user: str) -> Json:
    return {"user": user, "password": "password-ok"}


def start(pluggy: Client, connector: int, parameters: Json, **more: Any) -> str:
    answer = pluggy.post("/items", connectorId=connector, parameters=parameters, **more)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def control(pluggy: Client, item: str, what: str, **body: Any) -> requests.Response:
    return pluggy.post(f"/_control/items/{item}/{what}", **body)


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A program in which two minutes of Pluggy are two thirds of a second: time enough to act within them."""
    program = Program(tmp_path_factory.mktemp("slow"), flags=("--pace", "1")).start()
    yield Client(program.url)
    assert program.stop() == 0


# --- Users --------------------------------------------------------------------------------------------


def test_each_failing_user_ends_as_documented(pluggy: Client, hooked: Receiver) -> None:
    made = {user: start(pluggy, 2, login(user)) for user in ERRORS}
    for user, (status, code) in ERRORS.items():
        item = pluggy.settled(made[user])
        assert (item["status"], item["executionStatus"], item["statusDetail"]) == (status, code, None), user
        assert item["error"]["code"] == code and item["error"]["message"]
        assert bool(item["error"]["providerMessage"]) == user.endswith("provider-message")
        event = until(lambda user=user: hooked.events("item/error", made[user]))[0]
        assert event["error"] == {"code": code, "message": item["error"]["message"], "parameter": None}
        names = {event["event"] for event in hooked.events(item_id=made[user])}
        assert names == {"item/error"}  # no created, no login_succeeded
        assert pluggy.accounts(made[user]) == {}


@pytest.mark.parametrize("user", FINE)
def test_users_with_a_life_of_their_own_succeed(pluggy: Client, user: str) -> None:
    assert pluggy.connect(2, parameters=login(user))["executionStatus"] == "SUCCESS"


def test_a_product_that_fails_is_named_and_keeps_what_it_had(pluggy: Client, hooked: Receiver) -> None:
    item = pluggy.connect(2, parameters=login("user-ok-account-error"))
    assert (item["status"], item["executionStatus"], item["error"]) == ("UPDATED", "PARTIAL_SUCCESS", None)
    detail = item["statusDetail"]
    assert detail["creditCards"]["isUpdated"] is False and detail["creditCards"]["lastUpdatedAt"] is None
    assert detail["creditCards"]["warnings"][0]["code"] == "001"
    assert detail["accounts"] == {"isUpdated": True, "lastUpdatedAt": item["lastUpdatedAt"], "warnings": []}
    assert detail["accountStatements"] is None
    assert "CREDIT_CARD" not in pluggy.accounts(item["id"])
    until(lambda: hooked.events("item/created", item["id"]))
    control(pluggy, item["id"], "failing", products=[])
    pluggy.patch(f"/items/{item['id']}")
    healed = pluggy.settled(item["id"])
    assert (healed["executionStatus"], healed["statusDetail"]) == ("SUCCESS", None)
    assert "CREDIT_CARD" in pluggy.accounts(item["id"])
    control(pluggy, item["id"], "failing", products=["CREDIT_CARDS"])
    pluggy.patch(f"/items/{item['id']}")
    again = pluggy.settled(item["id"])["statusDetail"]["creditCards"]
    assert (again["isUpdated"], again["lastUpdatedAt"]) == (False, healed["lastUpdatedAt"])
    assert "CREDIT_CARD" in pluggy.accounts(item["id"])


def test_warnings_come_with_success(pluggy: Client) -> None:
    item = pluggy.connect(2, parameters=login("user-ok-account-warning"))
    assert item["executionStatus"] == "SUCCESS"
    accounts = item["statusDetail"]["accounts"]
    assert accounts["isUpdated"] and accounts["warnings"][0]["code"] == "001"


def test_only_the_products_asked_for_are_collected(slow: Client) -> None:
    item = start(slow, 9001, GOOD, products=["ACCOUNTS", "TRANSACTIONS"])
    seen = []

    def ended() -> bool:
        now = slow.get(f"/items/{item}").json()
        if now["executionStatus"] not in seen:
            seen.append(now["executionStatus"])
        return bool(now["status"] == "UPDATED")

    until(ended)
    walk = ["CREATED", "LOGIN_IN_PROGRESS", "ACCOUNTS_IN_PROGRESS", "TRANSACTIONS_IN_PROGRESS", "MERGING"]
    assert seen == [*walk, "SUCCESS"]
    assert set(slow.accounts(item)) == {"CHECKING_ACCOUNT", "SAVINGS_ACCOUNT"}


def test_a_new_device_wants_two_minutes_of_patience(slow: Client) -> None:
    eager = slow.connect(2, parameters=login("user-ok-auth-pending"))
    patient = slow.connect(2, parameters=login("user-ok-auth-pending"))
    assert patient["executionStatus"] == "USER_AUTHORIZATION_PENDING"
    slow.patch(f"/items/{patient['id']}")
    assert slow.settled(patient["id"])["executionStatus"] == "USER_AUTHORIZATION_NOT_GRANTED"
    slow.post("/_control/clock", hours=1)
    for item in (eager, patient):
        slow.patch(f"/items/{item['id']}")
        assert slow.settled(item["id"])["executionStatus"] == "SUCCESS"


# --- Codes --------------------------------------------------------------------------------------------


def test_a_code_that_goes_with_the_password(pluggy: Client) -> None:
    fields = {one["name"]: one["mfa"] for one in pluggy.get("/connectors/1").json()["credentials"]}
    assert fields == {"user": False, "password": False, "token": True}
    missing = pluggy.post("/items", connectorId=1, parameters=GOOD)
    assert (missing.status_code, missing.json()["details"][0]["parameter"]) == (400, "token")
    wrong = pluggy.connect(1, parameters=GOOD | {"token": "000000"})
    assert wrong["executionStatus"] == "INVALID_CREDENTIALS_MFA"
    item = pluggy.connect(1, parameters=GOOD | {"token": "123456"})
    assert (item["executionStatus"], item["nextAutoSyncAt"]) == ("SUCCESS", None)
    bare = pluggy.patch(f"/items/{item['id']}")
    assert bare.status_code == 400
    assert bare.json()["codeDescription"] == "CONNECTOR_REQUIRED_PARAMETER_VALIDATION_ERROR"
    assert bare.json()["data"] == {"parameter": "token"}
    assert pluggy.patch(f"/items/{item['id']}", parameters={"token": "123456"}).status_code == 200
    assert pluggy.settled(item["id"])["executionStatus"] == "SUCCESS"


@pytest.mark.parametrize(
    ("user", "kind"), [("user-ok-img", "image"), ("user-ok-select", "select"), ("user-ok-phone", "number")]
)
def test_the_other_kinds_of_codes(pluggy: Client, user: str, kind: str) -> None:
    item = pluggy.connect(2, parameters=login(user))
    asked = item["parameter"]
    assert (item["status"], asked["type"], asked["mfa"]) == ("WAITING_USER_INPUT", kind, True)
    if kind == "image":
        assert sum(pixels(base64.b64decode(asked["data"]))) > 0
    if kind == "select":
        assert "123456" in [option["value"] for option in asked["options"]]
    pluggy.post(f"/items/{item['id']}/mfa", token="730164")
    assert pluggy.settled(item["id"])["executionStatus"] == "INVALID_CREDENTIALS_MFA"
    pluggy.patch(f"/items/{item['id']}", parameters=login(user))
    pluggy.settled(item["id"])
    pluggy.post(f"/items/{item['id']}/mfa", token="123456")
    assert pluggy.settled(item["id"])["executionStatus"] == "SUCCESS"


def pixels(png: bytes) -> bytes:
    """The picture's grey values, without the filter byte of each line."""
    across, down = struct.unpack(">II", png[16:24])
    size = struct.unpack(">I", png[33:37])[0]
    data = zlib.decompress(png[41 : 41 + size])
    return b"".join(data[line * (across + 1) + 1 : (line + 1) * (across + 1)] for line in range(down))


def test_nobody_answers_in_time(tmp_path: Path) -> None:
    program = Program(tmp_path, flags=("--answer-seconds", "0.1"))
    hasty = Client(program.start().url)
    for connector, parameters in ((5, GOOD), (600, {"cpf": CPF}), (9005, {})):
        item = start(hasty, connector, parameters)
        until(lambda item=item: hasty.get(f"/items/{item}").json()["executionStatus"] == "USER_INPUT_TIMEOUT")
        assert hasty.get(f"/items/{item}").json()["status"] == "OUTDATED"
    assert program.stop() == 0


# --- Approvals at the bank ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connector", "parameters", "kind"),
    [(9005, {}, "qr"), (2, login("user-ok-authorize"), "authorize-access")],
)
def test_an_approval_in_the_banks_application(
    pluggy: Client, hooked: Receiver, connector: int, parameters: Json, kind: str
) -> None:
    item = pluggy.settled(start(pluggy, connector, parameters))
    assert (item["status"], item["executionStatus"]) == ("WAITING_USER_ACTION", "WAITING_USER_ACTION")
    assert (
        item["userAction"]["type"] == kind and item["userAction"]["expiresAt"] and item["parameter"] is None
    )
    until(lambda: hooked.events("item/waiting_user_action", item["id"]))
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
    until(lambda: hooked.events("item/created", item["id"]))
    pluggy.patch(f"/items/{item['id']}")  # the access lasts
    assert pluggy.settled(item["id"])["executionStatus"] == "SUCCESS"


def at_the_bank(page: str, decision: str, *, signed_in: bool = False) -> requests.Response:
    """Walk the bank's page as a browser would."""
    form = {"user": "ralph.bragg@gmail.com", "password": "P@ssword01"}
    shown = requests.get(page, timeout=5) if signed_in else requests.post(page, data=form, timeout=5)
    assert "not a bank" in shown.text
    found = re.search(r'name="ticket" value="(\w+)"', shown.text)
    assert found, shown.text
    return requests.post(f"{page}/{decision}", data={"ticket": found[1]}, timeout=5)


def test_open_finance_walks_through_the_banks_page(pluggy: Client, hooked: Receiver) -> None:
    back = pluggy.url + "/back"
    made = start(pluggy, 600, {"cpf": CPF}, oauthRedirectUri=back)
    item = pluggy.settled(made)
    assert (item["status"], item["parameter"]["name"]) == ("WAITING_USER_INPUT", "oauth_code")
    assert item["connector"]["oauth"] is True and item["hasResourcesPendingAuthorization"] is False
    until(lambda: hooked.events("item/waiting_user_input", made))
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


def test_cpfs(pluggy: Client) -> None:
    wrong = pluggy.post("/items", connectorId=600, parameters={"cpf": "761.092.776-74"})
    assert wrong.json()["codeDescription"] == "CONNECTOR_VALIDATION_ERROR"
    unknown = pluggy.connect(600, parameters={"cpf": "529.982.247-25"})
    assert (unknown["status"], unknown["executionStatus"]) == ("LOGIN_ERROR", "INVALID_CREDENTIALS")


def test_accounts_of_several_holders(slow: Client, receiver: Receiver) -> None:
    slow.post("/webhooks", url=receiver.url, event="all")
    granted, refused = (slow.settled(start(slow, 600, {"cpf": cpf})) for cpf in (CPF_GRANTED, CPF_REFUSED))
    for item in (granted, refused):
        at_the_bank(item["parameter"]["data"], "approve")
        pending = slow.settled(item["id"])
        assert pending["executionStatus"] == "USER_AUTHORIZATION_PENDING"
        assert pending["hasResourcesPendingAuthorization"] is True
        until(lambda item=item: receiver.events("item/error", item["id"]))
    until(lambda: slow.get(f"/items/{granted['id']}").json()["executionStatus"] == "SUCCESS")
    until(
        lambda: (
            slow.get(f"/items/{refused['id']}").json()["executionStatus"] == "USER_AUTHORIZATION_NOT_GRANTED"
        )
    )
    created = until(lambda: receiver.events("item/created", granted["id"]))
    assert created[0]["triggeredBy"] == "INTERNAL"


# --- Moods that last ----------------------------------------------------------------------------------


def test_a_revoked_consent_lasts_until_the_person_reconnects(pluggy: Client, hooked: Receiver) -> None:
    for connector, parameters in ((9001, GOOD), (600, {"cpf": CPF})):
        item = pluggy.connect(connector, parameters=parameters)["id"]
        control(pluggy, item, "revoke")
        ended = pluggy.settled(item)
        assert (ended["status"], ended["executionStatus"]) == ("LOGIN_ERROR", "USER_AUTHORIZATION_REVOKED")
        assert ended["nextAutoSyncAt"] is None
        assert until(lambda item=item: hooked.events("item/error", item))[0]["triggeredBy"] == "SYNC"
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
    event = until(lambda: hooked.events("connector/status_updated"))[0]
    assert (event["connectorId"], event["data"]) == (9003, {"status": "OFFLINE"})
    for _ in range(2):
        pluggy.patch(f"/items/{item}")
        assert pluggy.settled(item)["executionStatus"] == "SITE_NOT_AVAILABLE"
    pluggy.post(health, status="ONLINE")
    pluggy.patch(f"/items/{item}")
    assert pluggy.settled(item)["executionStatus"] == "SUCCESS"
    assert pluggy.get("/connectors/9003").json()["health"]["incidents"] == []


# --- Races --------------------------------------------------------------------------------------------


def test_a_run_goes_on_whatever_happens_meanwhile(slow: Client) -> None:
    gone, changed = start(slow, 9001, GOOD), start(slow, 9001, GOOD)
    assert slow.patch(f"/items/{gone}").status_code == 409
    assert slow.delete(f"/items/{gone}").status_code == 200
    control(slow, changed, "failing", products=["CREDIT_CARDS"])  # changes the item, not its run
    assert slow.settled(changed)["executionStatus"] == "PARTIAL_SUCCESS"
    assert slow.get(f"/items/{gone}").status_code == 404
    assert slow.get("/accounts", itemId=gone).json()["results"] == []
