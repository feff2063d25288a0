"""Limits of items, updates, logins and requests."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox_testing.program import GOOD, Client, Program, wait_until

Json = dict[str, Any]
WRONG = {"user": "user-ok", "password": "wrong"}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a program with every limit on, and a pace that leaves time for the back-off."""
    flags = ("--list-items", "--item-limit", "6", "--update-floor-hours", "1", "--pace", "0.2")
    running = Program(tmp_path_factory.mktemp("strict"), flags=flags).start()
    yield Client(running.url)
    running.stop()


@pytest.fixture
def limited(pluggy: Client) -> Iterator[Client]:
    """Switch small limits with a short window on in the shared program."""
    pluggy.post("/_control/limits", perMinute=3, patchPerMinute=1, seconds=1)
    yield pluggy
    pluggy.delete("/_control/limits")


def refusal(answer: requests.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("codeDescription")


def test_a_request_above_the_limit_is_refused_until_the_next_window(limited: Client) -> None:
    answers = [limited.get("/accounts/nothing") for _ in range(4)]
    assert [entry.status_code for entry in answers] == [404, 404, 404, 429]
    assert [entry.headers["RateLimit-Remaining"] for entry in answers] == ["2", "1", "0", "0"]
    last = answers[-1]
    assert last.json()["message"].startswith("Too many requests. Please try again later")
    assert (last.headers["RateLimit-Limit"], last.headers["Retry-After"]) == (
        "3",
        last.headers["RateLimit-Reset"],
    )
    assert limited.get("/transactions/nothing").status_code == 404  # each endpoint has its own count
    assert limited.get("/categories").headers.get("RateLimit-Limit") is None  # and some have none
    wait_until(lambda: limited.get("/accounts/nothing").status_code == 404)


def test_updates_have_a_smaller_limit(limited: Client) -> None:
    path = "/items/0b8f2f3e-0000-4000-8000-000000000000"
    assert [limited.patch(path).status_code for _ in range(2)] == [404, 429]
    assert limited.get(path).status_code == 404


def test_limits_are_off_by_default(pluggy: Client) -> None:
    assert pluggy.get("/_control/limits").json() == {
        "on": False, "perMinute": 360, "patchPerMinute": 20, "seconds": 60,
    }  # fmt: skip
    assert "RateLimit-Limit" not in pluggy.get("/accounts/nothing").headers
    assert pluggy.post("/_control/limits", perMinute=0).status_code == 400
    assert pluggy.post("/_control/limits", perHour=1).status_code == 400


def test_the_flag_sets_pluggys_own_limits(tmp_path_factory: pytest.TempPathFactory) -> None:
    running = Program(tmp_path_factory.mktemp("limited"), flags=("--rate-limits",)).start()
    answer = Client(running.url).get("/accounts/nothing")
    running.stop()
    assert (answer.headers["RateLimit-Limit"], answer.headers["RateLimit-Remaining"]) == ("360", "359")


def test_two_wrong_logins_start_a_waiting_time(strict: Client) -> None:
    item = strict.connect(2, parameters=WRONG)
    assert strict.patch(f"/items/{item['id']}", parameters=WRONG).status_code == 200
    assert strict.settled(item["id"])["consecutiveFailedLoginAttempts"] == 2
    early = strict.patch(f"/items/{item['id']}", parameters=GOOD)
    assert refusal(early) == (400, "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES")
    data = early.json()["data"]
    assert data["maxConsecutiveFailedLoginAttempts"] == 2
    assert data["lastExecutionEndedAt"] < data["canRetryAfterDate"]
    wait_until(lambda: strict.patch(f"/items/{item['id']}", parameters=GOOD).status_code == 200)
    assert strict.settled(item["id"])["status"] == "UPDATED"
    strict.delete(f"/items/{item['id']}")


def test_updates_are_refused_after_six_failed_runs(pluggy: Client) -> None:
    item = pluggy.connect(2, parameters={"user": "user-unavailable", "password": "password-ok"})
    for _ in range(5):
        assert pluggy.patch(f"/items/{item['id']}").status_code == 200
        pluggy.settled(item["id"])
    assert refusal(pluggy.patch(f"/items/{item['id']}")) == (400, "TOO_MANY_CONSECUTIVE_ERRORS")


def test_updates_need_a_minimum_interval(strict: Client) -> None:
    item = strict.connect(2)
    early = strict.patch(f"/items/{item['id']}")
    assert refusal(early) == (409, "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY")
    data = early.json()["data"]
    assert data == {"minUpdateFrequencyAllowedInHours": 1, "lastUpdatedAt": item["lastUpdatedAt"]}
    assert strict.patch(f"/items/{item['id']}", parameters=GOOD).status_code == 200
    strict.settled(item["id"])
    strict.delete(f"/items/{item['id']}")


def test_items_are_listed_newest_first_and_limited(strict: Client) -> None:
    made = [new(strict, f"u{number % 2}") for number in range(6)]
    full = strict.post("/items", connectorId=2, parameters=GOOD)
    assert refusal(full) == (409, "ITEM_CREATION_LIMIT_EXCEEDED")
    assert full.json()["data"] == {"itemsLimit": 6}
    assert [entry["id"] for entry in strict.get("/v2/items").json()["results"]] == made[::-1]
    assert [entry["id"] for entry in strict.get("/v2/items", clientUserId="u1").json()["results"]] == made[
        5::-2
    ]
    assert strict.get("/v2/items", connectorId=9001).json() == {"results": [], "next": None}
    for query in ({"after": "%%%"}, {"clientUserId": "x" * 256}, {"connectorId": "two"}, {"page": "1"}):
        assert strict.get("/v2/items", **query).status_code == 400


def new(client: Client, client_user_id: str) -> str:
    return str(
        client.post("/items", connectorId=2, parameters=GOOD, clientUserId=client_user_id).json()["id"]
    )


def test_malformed_items_are_refused(pluggy: Client) -> None:
    def message(**body: Any) -> str:
        answer = pluggy.post("/items", **{"connectorId": 2, "parameters": GOOD, **body})
        assert answer.status_code == 400
        return str(answer.json()["message"])

    assert "each value in products" in message(products=["GOLD"])
    assert "clientUserId" in message(clientUserId=7)
    assert "https" in message(webhookUrl="http://example.com/hook")
    assert "not supported by the local Pluggy" in message(parameters="c2VjcmV0")
    assert refusal(pluggy.post("/items", connectorId=77, parameters=GOOD)) == (404, "CONNECTOR_NOT_FOUND")


def test_empty_parameters_are_not_provided(pluggy: Client) -> None:
    item = pluggy.connect(2)
    assert refusal(pluggy.patch(f"/items/{item['id']}", parameters={})) == (400, "PARAMETERS_NOT_PROVIDED")


def test_auto_sync_can_be_switched_off(pluggy: Client) -> None:
    item = pluggy.connect(9001, clientUserId="quiet")
    assert item["nextAutoSyncAt"]
    assert pluggy.patch(f"/items/{item['id']}/disable-auto-sync").json()["nextAutoSyncAt"] is None
    pluggy.patch(f"/items/{item['id']}")
    assert pluggy.settled(item["id"])["nextAutoSyncAt"] is None


def test_a_code_is_accepted_once_and_in_time(pluggy: Client) -> None:
    item = pluggy.connect(5)
    path = f"/items/{item['id']}/mfa"
    pluggy.post(f"/_control/items/{item['id']}/status", executionStatus="USER_INPUT_TIMEOUT")
    assert refusal(pluggy.post(path, token="123456")) == (400, "ITEM_MFA_EXPIRED")
    pluggy.patch(f"/items/{item['id']}")
    wait_until(lambda: pluggy.get(f"/items/{item['id']}").json()["status"] == "WAITING_USER_INPUT")
    assert pluggy.post(path, token="123456").json()["executionStatus"] == "LOGIN_MFA_IN_PROGRESS"
    again = refusal(pluggy.post(path, token="123456"))
    assert again in ((400, "ITEM_MFA_ALREADY_PROVIDED"), (400, "ITEM_MFA_NOT_FOUND"))  # the run goes on
    pluggy.settled(item["id"])
