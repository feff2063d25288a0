"""Items that cannot be updated, or not yet: MeuPluggy, after five retries, and before the allowed time."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox_testing.program import GOOD, Client, Program, wait_until

Json = dict[str, Any]
CPF = {"cpf": "761.092.776-73"}


@pytest.fixture(scope="module")
def pluggy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Start an own program, because the update floor applies to all items."""
    program = Program(tmp_path_factory.mktemp("refusals")).start()
    yield Client(program.url)
    assert program.stop() == 0


@pytest.fixture(autouse=True)
def reset(pluggy: Client) -> None:
    pluggy.post("/_control/reset")


def connect_with_approval(pluggy: Client, connector: int, parameters: Json) -> Json:
    made = pluggy.post("/items", connectorId=connector, parameters=parameters, clientUserId="ana")
    item_id = made.json()["id"]
    wait_until(lambda: pluggy.get(f"/items/{item_id}").json()["status"].startswith("WAITING"))
    assert pluggy.post(f"/_control/items/{item_id}/approve").ok
    item: Json = pluggy.settled(item_id)
    return item


def test_meu_pluggy_shows_a_bank_under_its_own_name_and_refuses_updates(pluggy: Client) -> None:
    item = connect_with_approval(pluggy, 200, {})
    assert (item["status"], item["connector"]["name"], item["nextAutoSyncAt"]) == (
        "UPDATED",
        "MeuPluggy",
        None,
    )
    direct = pluggy.connect(9001, clientUserId="ana")
    numbers = [sorted(account["number"] for account in pluggy.accounts(item_id).values())
               for item_id in (item["id"], direct["id"])]  # fmt: skip
    assert numbers[0] == numbers[1] != []
    pluggy.checking = False  # Pluggy's body has no code, which its specification requires
    refused = pluggy.patch(f"/items/{item['id']}")
    pluggy.checking = True
    assert refused.status_code == 400
    assert refused.json() == {"message": "MeuPluggy item cant be updated"}
    assert pluggy.get(f"/items/{item['id']}").json()["status"] == "UPDATED"
    pluggy.post(f"/_control/items/{item['id']}/refresh")  # MeuPluggy itself collects
    assert pluggy.settled(item["id"])["nextAutoSyncAt"] is None


@pytest.mark.parametrize("code", [None, "CONNECTION_ERROR"])
def test_an_item_leaves_the_automatic_sync(pluggy: Client, code: str | None) -> None:
    item = pluggy.connect(9001)
    assert item["nextAutoSyncAt"]
    body = {"code": code} if code else {}
    left = pluggy.post(f"/_control/items/{item['id']}/give-up", **body).json()
    assert (left["status"], left["nextAutoSyncAt"]) == ("OUTDATED", None)
    assert left["error"]["code"] == (code or "SITE_NOT_AVAILABLE")
    assert pluggy.patch(f"/items/{item['id']}").json()["codeDescription"] == "TOO_MANY_CONSECUTIVE_ERRORS"
    assert pluggy.post(f"/_control/items/{item['id']}/give-up", code=7).status_code == 400


def test_an_update_before_the_allowed_time_says_when_the_last_one_was(pluggy: Client) -> None:
    item = pluggy.connect(9001)
    assert pluggy.post("/_control/update-floor", hours=6).json() == {"hours": 6.0}
    refused = pluggy.patch(f"/items/{item['id']}")
    assert refused.status_code == 409
    assert refused.json()["data"] == {
        "minUpdateFrequencyAllowedInHours": 6.0, "lastUpdatedAt": item["lastUpdatedAt"]
    }  # fmt: skip
    for wrong in (-1, "6", True, None):
        assert pluggy.post("/_control/update-floor", hours=wrong).status_code == 400
    pluggy.post("/_control/update-floor", hours=0)
    assert pluggy.patch(f"/items/{item['id']}").ok


@pytest.mark.parametrize("needs_login", [True, False])
def test_a_consent_may_be_asked_for_again_only_after_a_new_sign_in(pluggy: Client, needs_login: bool) -> None:
    item_id = connect_with_approval(pluggy, 9011, CPF)["id"]
    pluggy.post(f"/_control/items/{item_id}/revoke", needsLogin=needs_login)
    assert pluggy.settled(item_id)["executionStatus"] == "USER_AUTHORIZATION_REVOKED"
    token = pluggy.post("/connect_token", itemId=item_id).json()["accessToken"]
    widget = Client(pluggy.url)
    widget.http.headers["X-API-KEY"] = token
    widget.checking = False
    assert widget.patch(f"/items/{item_id}").ok
    ended = wait_until(
        lambda: (now := pluggy.get(f"/items/{item_id}").json())["status"] != "UPDATING" and now
    )
    if needs_login:
        assert ended["executionStatus"] == "USER_AUTHORIZATION_REVOKED"
        assert widget.patch(f"/items/{item_id}", parameters=CPF).ok
    wait_until(lambda: pluggy.get(f"/items/{item_id}").json()["status"] == "WAITING_USER_INPUT")
    pluggy.post(f"/_control/items/{item_id}/approve")
    assert pluggy.settled(item_id)["status"] == "UPDATED"
    assert pluggy.post(f"/_control/items/{item_id}/revoke", needsLogin=1).status_code == 400


def test_the_log_has_each_api_request_with_the_kind_of_its_key(pluggy: Client) -> None:
    pluggy.delete("/_control/requests")
    item_id = pluggy.connect(9001)["id"]
    pluggy.post("/_control/faults", kind="status", path=f"^/items/{item_id}", method="PATCH", status=503)
    assert pluggy.patch(f"/items/{item_id}").status_code == 503
    token = pluggy.post("/connect_token", itemId=item_id).json()["accessToken"]
    widget = Client(pluggy.url)
    widget.http.headers["X-API-KEY"] = token
    widget.patch(f"/items/{item_id}")
    updates = pluggy.get("/_control/requests", method="PATCH").json()["requests"]
    assert updates == [
        {"method": "PATCH", "path": f"/items/{item_id}", "query": "", "caller": caller}
        for caller in ("api", "connect")
    ]
    created = pluggy.get("/_control/requests", method="POST", path="^/items$").json()["requests"]
    assert len(created) == 1
    assert not pluggy.get("/_control/requests", path="^/_control").json()["requests"]
    assert pluggy.get("/_control/requests", path="(").status_code == 400
    pluggy.post("/_control/reset")
    assert pluggy.get("/_control/requests").json()["requests"] == []


def test_a_request_without_a_readable_key_is_logged(pluggy: Client) -> None:
    stranger = Client(pluggy.url)
    pluggy.delete("/_control/requests")
    stranger.http.headers["X-API-KEY"] = "no key"
    assert stranger.get(f"/items/{uuid.uuid4()}").status_code == 403
    assert [entry["caller"] for entry in pluggy.get("/_control/requests").json()["requests"]] == [""]
    assert pluggy.post("/items", connectorId=9001, parameters=GOOD).ok
