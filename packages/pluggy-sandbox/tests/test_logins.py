"""Every documented test user, and every kind of code that a bank may ask for."""

import base64
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from sandbox_testing.program import GOOD, Client, Program, Receiver, wait_until
from sandbox_testing.scenarios import CPF, control, login, slow, start  # noqa: F401

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


# --- Users --------------------------------------------------------------------------------------------


def test_each_failing_user_ends_as_documented(pluggy: Client, hooked: Receiver) -> None:
    made = {user: start(pluggy, 2, login(user)) for user in ERRORS}
    for user, (status, code) in ERRORS.items():
        item = pluggy.settled(made[user])
        assert (item["status"], item["executionStatus"], item["statusDetail"]) == (status, code, None), user
        assert item["error"]["code"] == code and item["error"]["message"]
        assert bool(item["error"]["providerMessage"]) == user.endswith("provider-message")
        event = wait_until(lambda user=user: hooked.events("item/error", made[user]))[0]
        assert event["error"] == {"code": code, "message": item["error"]["message"], "parameter": None}
        names = {event["event"] for event in hooked.events(item_id=made[user])}
        assert names == {"item/error"}  # no created, no login_succeeded
        assert pluggy.accounts(made[user]) == {}


@pytest.mark.parametrize("user", FINE)
def test_users_with_special_data_succeed(pluggy: Client, user: str) -> None:
    assert pluggy.connect(2, parameters=login(user))["executionStatus"] == "SUCCESS"


def test_a_failing_product_is_reported_and_keeps_its_data(pluggy: Client, hooked: Receiver) -> None:
    item = pluggy.connect(2, parameters=login("user-ok-account-error"))
    assert (item["status"], item["executionStatus"], item["error"]) == ("UPDATED", "PARTIAL_SUCCESS", None)
    detail = item["statusDetail"]
    assert detail["creditCards"]["isUpdated"] is False and detail["creditCards"]["lastUpdatedAt"] is None
    assert detail["creditCards"]["warnings"][0]["code"] == "001"
    assert detail["accounts"] == {"isUpdated": True, "lastUpdatedAt": item["lastUpdatedAt"], "warnings": []}
    assert detail["accountStatements"] is None
    assert "CREDIT_CARD" not in pluggy.accounts(item["id"])
    wait_until(lambda: hooked.events("item/created", item["id"]))
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


def test_only_requested_products_are_collected(slow: Client) -> None:  # noqa: F811
    item = start(slow, 9001, GOOD, products=["ACCOUNTS", "TRANSACTIONS"])
    seen = []

    def ended() -> bool:
        now = slow.get(f"/items/{item}").json()
        if now["executionStatus"] not in seen:
            seen.append(now["executionStatus"])
        return bool(now["status"] == "UPDATED")

    wait_until(ended)
    walk = ["CREATED", "LOGIN_IN_PROGRESS", "ACCOUNTS_IN_PROGRESS", "TRANSACTIONS_IN_PROGRESS", "MERGING"]
    assert seen == [*walk, "SUCCESS"]
    assert set(slow.accounts(item)) == {"CHECKING_ACCOUNT", "SAVINGS_ACCOUNT"}


def test_a_new_device_must_wait_two_minutes(slow: Client) -> None:  # noqa: F811
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


def test_a_code_sent_with_the_password(pluggy: Client) -> None:
    fields = {field["name"]: field["mfa"] for field in pluggy.get("/connectors/1").json()["credentials"]}
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
    parameter = item["parameter"]
    assert (item["status"], parameter["type"], parameter["mfa"]) == ("WAITING_USER_INPUT", kind, True)
    if kind == "image":
        assert sum(pixels(base64.b64decode(parameter["data"]))) > 0
    if kind == "select":
        assert "123456" in [option["value"] for option in parameter["options"]]
    pluggy.post(f"/items/{item['id']}/mfa", token="730164")
    assert pluggy.settled(item["id"])["executionStatus"] == "INVALID_CREDENTIALS_MFA"
    pluggy.patch(f"/items/{item['id']}", parameters=login(user))
    pluggy.settled(item["id"])
    pluggy.post(f"/items/{item['id']}/mfa", token="123456")
    assert pluggy.settled(item["id"])["executionStatus"] == "SUCCESS"


def pixels(png: bytes) -> bytes:
    """Return the grey values of the picture, without the filter byte of each line."""
    across, down = struct.unpack(">II", png[16:24])
    size = struct.unpack(">I", png[33:37])[0]
    data = zlib.decompress(png[41 : 41 + size])
    return b"".join(data[line * (across + 1) + 1 : (line + 1) * (across + 1)] for line in range(down))


def test_a_code_that_is_not_answered_in_time(tmp_path: Path) -> None:
    program = Program(tmp_path, flags=("--answer-seconds", "0.1"))
    hasty = Client(program.start().url)
    for connector, parameters in ((5, GOOD), (600, {"cpf": CPF}), (9005, {})):
        item = start(hasty, connector, parameters)
        wait_until(
            lambda item=item: hasty.get(f"/items/{item}").json()["executionStatus"] == "USER_INPUT_TIMEOUT"
        )
        assert hasty.get(f"/items/{item}").json()["status"] == "OUTDATED"
    assert program.stop() == 0
