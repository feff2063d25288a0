"""API keys and connect tokens: what they allow and what they do not."""

import base64
import json
import time

import requests

from sandbox_testing.program import GOOD, KEYS, Client, Program


def claims(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def as_widget(pluggy: Client, **body: object) -> requests.Session:
    session = requests.Session()
    session.headers["X-API-KEY"] = pluggy.post("/connect_token", **body).json()["accessToken"]
    return session


def test_auth_returns_a_key_for_two_hours(pluggy: Client) -> None:
    key = claims(pluggy.post("/auth", **KEYS).json()["apiKey"])
    assert key["clientId"] == KEYS["clientId"]
    assert 7100 < int(str(key["exp"])) - time.time() <= 7200


def test_auth_refuses_wrong_credentials(pluggy: Client) -> None:
    answer = pluggy.post("/auth", clientId=KEYS["clientId"], clientSecret="no")
    assert answer.status_code == 401
    assert answer.json()["codeDescription"] == "CLIENT_KEYS_UNAUTHORIZED"


def test_a_missing_or_invalid_key_is_answered_403_without_a_code(program: Program) -> None:
    for headers in ({}, {"X-API-KEY": "nonsense"}):
        answer = requests.get(program.url + "/categories", headers=headers, timeout=5)
        assert answer.status_code == 403
        assert answer.json() == {"code": 403, "message": "Missing or invalid authorization token"}


def test_connect_tokens_carry_the_user_and_the_item(pluggy: Client, aurora: dict[str, str]) -> None:
    answer = pluggy.post("/connect_token", itemId=aurora["id"], options={"clientUserId": "ana"})
    token = claims(answer.json()["accessToken"])
    assert (token["clientUserId"], token["itemId"]) == ("ana", aurora["id"])
    assert int(str(token["exp"])) - int(str(token["iat"])) == 1800


def test_a_token_for_an_unknown_item_or_with_flat_options_is_refused(pluggy: Client) -> None:
    unknown = pluggy.post("/connect_token", itemId="0b8f2f3e-0000-4000-8000-000000000000")
    assert (unknown.status_code, unknown.json()["codeDescription"]) == (404, "ITEM_NOT_FOUND")
    assert pluggy.post("/connect_token", clientUserId="ana").status_code == 400


def test_a_connect_token_may_read_only_its_own_items(pluggy: Client, aurora: dict[str, str]) -> None:
    widget, url = as_widget(pluggy, options={"clientUserId": "bia"}), pluggy.url
    made = widget.post(url + "/items", json={"connectorId": 2, "parameters": GOOD}, timeout=5).json()
    assert made["clientUserId"] == "bia"
    assert widget.get(f"{url}/items/{made['id']}", timeout=5).status_code == 200
    assert widget.get(f"{url}/accounts?itemId={made['id']}", timeout=5).status_code == 200
    assert widget.get(f"{url}/connectors", timeout=5).status_code == 200
    for path in (
        f"/items/{aurora['id']}",
        f"/accounts?itemId={aurora['id']}",
        f"/v2/transactions?accountId={aurora['id']}",
        "/webhooks",
        "/categories",
    ):
        assert widget.get(url + path, timeout=5).status_code == 403, path
    assert widget.delete(f"{url}/items/{made['id']}", timeout=5).status_code == 403
    pluggy.settled(made["id"])


def test_a_token_made_for_an_item_may_update_it(pluggy: Client) -> None:
    item = pluggy.connect(2)
    widget = as_widget(pluggy, itemId=item["id"])
    assert widget.patch(f"{pluggy.url}/items/{item['id']}", json={}, timeout=5).status_code == 200
    assert pluggy.settled(item["id"])["status"] == "UPDATED"
