"""Invalid requests: each is refused with a reason, and none causes an internal error."""

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox_testing.program import GOOD, Client, Program

Json = dict[str, Any]
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
ROW = {"amount": -1, "description": "x"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/items", {"connectorId": True, "parameters": GOOD}),
        (
            "POST",
            "/items",
            {"connectorId": 2, "parameters": GOOD, "oauthRedirectUri": "javascript://x/%0ax()"},
        ),
        ("PATCH", "/items/{item}", {"parameters": [{}]}),
        ("POST", "/webhooks", {"url": "https://example.com/", "event": ["all"]}),
        ("PATCH", "/transactions/{transaction}", {"categoryId": ["x"]}),
        ("PATCH", "/transactions/x", {"categoryId": "01000000"}),
        ("POST", "/_control/items/{item}/failing", {"products": [{}]}),
        ("POST", "/_control/items/{item}/status", {"status": ["UPDATED"]}),
        ("POST", "/_control/items/{item}/transactions", ROW | {"amount": "Infinity"}),
        ("POST", "/_control/items/{item}/transactions", ROW | {"amount": "NaN"}),
        ("POST", "/_control/items/{item}/transactions", ROW | {"amount": 1e30}),
        ("POST", "/_control/items/{item}/transactions", ROW | {"categoryId": ["x"]}),
        ("POST", "/_control/items/{item}/transactions", ROW | {"date": 5}),
        ("POST", "/_control/items/{item}/transactions", ROW | {"accountType": ["x"]}),
        ("POST", "/_control/items/{item}/transactions", ROW | {"accountId": ["x"]}),
        ("POST", "/_control/items/{item}/transactions", ROW | {"description": 5}),
        ("POST", "/_control/items/{item}/transactions", ROW | {"raw": [1]}),
        ("POST", "/_control/items/{item}/transactions", ROW | {"raw": {"id": "x"}}),
        ("POST", "/_control/items/{item}/transactions", ROW | {"raw": {"date": None}}),
        ("PATCH", "/_control/transactions/{transaction}", {"categoryId": "none"}),
        ("POST", "/_control/faults", {"kind": "latency", "seconds": "x"}),
        ("POST", "/_control/faults", {"kind": "status", "times": "x"}),
        ("POST", "/_control/deliveries/faults", {"kind": "delayed", "seconds": "x"}),
        ("GET", "/v2/transactions?accountId={account}&createdAtFrom=9999-12-31T23:59:59-12:00", None),
    ],
)
def test_invalid_bodies_are_refused(
    pluggy: Client, aurora: Json, method: str, path: str, body: Json | None
) -> None:
    account = pluggy.accounts(aurora["id"])["CHECKING_ACCOUNT"]["id"]
    transaction = pluggy.transactions(account)[0]["id"]
    with pluggy.unchecked():
        answer = pluggy.send(
            method, path.format(item=aurora["id"], transaction=transaction, account=account), json=body
        )
    assert answer.status_code in (400, 404) and answer.json()["message"], answer.text


@pytest.mark.parametrize("text", ['"\\ud800"', "1e400", "NaN", "[" * 100_000], ids=range(4))
def test_json_values_that_cannot_be_encoded_are_refused(pluggy: Client, text: str) -> None:
    with pluggy.unchecked():
        for path in ("/items", "/_control/world"):
            answer = pluggy.send("POST", path, data=f'{{"connectorId":2,"items":[{text}]}}')
            assert answer.status_code == 400, answer.text


def test_a_year_of_one_digit_is_an_instant(pluggy: Client, aurora: Json) -> None:
    account = pluggy.accounts(aurora["id"])["CHECKING_ACCOUNT"]["id"]
    assert pluggy.transactions(account, createdAtFrom="0001-01-01") == pluggy.transactions(account)
    after = base64.b64encode(f"0001-01-01T00:00:00Z|{UNKNOWN_ID}".encode()).decode()
    assert pluggy.transactions(account, after=after) == []


def test_wrong_keys_in_any_alphabet_are_refused(program: Program) -> None:
    answer = requests.post(f"{program.url}/auth", json={"clientId": "é", "clientSecret": "ü"}, timeout=10)
    assert (answer.status_code, answer.json()["codeDescription"]) == (401, "CLIENT_KEYS_UNAUTHORIZED")


def test_simultaneous_requests_respect_the_item_limit(tmp_path: Path) -> None:
    running = Program(tmp_path, flags=("--item-limit", "3")).start()
    pluggy = Client(running.url)

    def connect(_: int) -> int:
        return pluggy.post("/items", connectorId=9001, parameters=GOOD).status_code

    with ThreadPoolExecutor(8) as many:
        assert sorted(many.map(connect, range(16))) == [200] * 3 + [409] * 13
    running.stop()


def test_simultaneous_clock_moves_add_up(tmp_path: Path) -> None:
    running = Program(tmp_path).start()
    pluggy = Client(running.url)
    with ThreadPoolExecutor(8) as many:
        moves = list(many.map(lambda _: pluggy.post("/_control/clock", hours=1).status_code, range(24)))
    assert moves == [200] * 24
    assert round(pluggy.get("/_control/clock").json()["offsetSeconds"] / 3600) == 24
    running.stop()


def test_the_banks_page_forbids_framing(pluggy: Client) -> None:
    item = pluggy.connect(9005, parameters={}, clientUserId="framed")
    page = requests.get(item["userAction"]["attributes"]["qrCode"], timeout=10)
    assert page.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    pluggy.post(f"/_control/items/{item['id']}/refuse")
