"""Worlds from files: an awkward one as it is, mistakes with their places, and loading again."""

import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.conftest import ROOT, Client, Program, Receiver, until

Json = dict[str, Any]
AWKWARD = ROOT / "dev" / "sandbox" / "data" / "worlds" / "awkward.json"


def world(**account: Any) -> Json:
    """A small world of a person of its own."""
    rows = [
        {"date": "2026-11-02", "amount": -7.5, "description": "CAFE"},
        {"date": "2026-11-02", "amount": -7.5, "description": "CAFE"},
        {"date": "2026-11-03T10:00:00.000Z", "amount": 100, "description": "PIX", "categoryId": "05070000"},
    ]
    one = {"subtype": "CHECKING_ACCOUNT", "transactions": rows} | account
    return {"items": [{"connectorId": 9001, "clientUserId": str(uuid.uuid4()), "accounts": [one]}]}


def load(pluggy: Client, told: Json, **query: Any) -> Json:
    answer = pluggy.http.post(f"{pluggy.url}/_control/world", params=query, json=told, timeout=10)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()["items"][0]
    return found


def counts(item: Json) -> list[tuple[int, int, int]]:
    return [(one["created"], one["updated"], one["deleted"]) for one in item["accounts"]]


def test_what_is_missing_is_filled_in(pluggy: Client) -> None:
    item = load(pluggy, world())
    account = pluggy.accounts(item["id"])["CHECKING_ACCOUNT"]
    assert (account["balance"], account["currencyCode"], account["type"]) == (85, "BRL", "BANK")
    pix, coffee, same = pluggy.rows(account["id"])
    assert (pix["category"], pix["type"], pix["status"]) == ("Transfer - PIX", "CREDIT", "POSTED")
    assert coffee["date"] == "2026-11-02T00:00:00.000Z" and coffee["merchant"] is None
    assert coffee["id"] != same["id"]
    state = pluggy.get(f"/items/{item['id']}").json()
    assert (state["status"], state["executionStatus"], state["nextAutoSyncAt"]) == (
        "UPDATED",
        "SUCCESS",
        None,
    )


def test_a_first_load_tells_what_a_first_run_tells(pluggy: Client, hooked: Receiver) -> None:
    item = load(pluggy, world())["id"]
    until(lambda: hooked.events("item/created", item))
    assert [event["event"] for event in hooked.events(item_id=item)] == [
        "item/login_succeeded",
        "transactions/created",
        "item/created",
    ]
    quiet = load(pluggy, world(), silent=1)["id"]
    assert pluggy.get("/_control/events", itemId=quiet).json()["results"] == []


def test_loading_again_replaces_and_tells_the_difference(pluggy: Client, hooked: Receiver) -> None:
    told = world()
    item = load(pluggy, told)
    events = len(pluggy.get("/_control/events", itemId=item["id"]).json()["results"])
    assert counts(load(pluggy, told)) == [(0, 0, 0)]
    assert len(pluggy.get("/_control/events", itemId=item["id"]).json()["results"]) == events
    rows = told["items"][0]["accounts"][0]["transactions"]
    del rows[1]
    rows[1]["status"] = "PENDING"
    rows.append({"date": "2026-11-04", "amount": -1, "description": "NEW"})
    assert counts(load(pluggy, told)) == [(1, 1, 1)]
    for name in ("created", "updated", "deleted"):
        until(lambda event=f"transactions/{name}": hooked.events(event, item["id"]))
    until(lambda: hooked.events("item/updated", item["id"]))
    account = item["accounts"][0]["id"]
    assert sorted(row["description"] for row in pluggy.rows(account)) == ["CAFE", "NEW", "PIX"]
    told["items"][0]["accounts"] = []
    assert sum(deleted for _, _, deleted in counts(load(pluggy, told))) == 3
    assert pluggy.accounts(item["id"]) == {}


def test_extending_removes_nothing(pluggy: Client) -> None:
    told = world()
    item = load(pluggy, told)
    told["items"][0]["accounts"][0]["transactions"] = [
        {"date": "2026-11-04", "amount": -1, "description": "NEW"}
    ]
    assert counts(load(pluggy, told, mode="extend")) == [(1, 0, 0)]
    assert len(pluggy.rows(item["accounts"][0]["id"])) == 4


def test_a_sync_changes_nothing_and_the_hand_moves_the_balance(pluggy: Client) -> None:
    item = load(pluggy, world(balance=10))["id"]
    pluggy.patch(f"/items/{item}")
    assert pluggy.settled(item)["executionStatus"] == "SUCCESS"
    assert pluggy.accounts(item)["CHECKING_ACCOUNT"]["balance"] == 10
    row = pluggy.post(f"/_control/items/{item}/transactions", description="X", amount=-2.5).json()
    assert pluggy.accounts(item)["CHECKING_ACCOUNT"]["balance"] == 7.5
    pluggy.delete(f"/_control/transactions/{row['id']}")
    assert pluggy.accounts(item)["CHECKING_ACCOUNT"]["balance"] == 10
    assert len(pluggy.rows(row["accountId"])) == 3


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (
            {"transactions": [{"date": "2026-11-02", "amount": "7", "description": "X"}]},
            ".transactions[0].amount",
        ),
        ({"transactions": [{"date": "yesterday", "amount": 7, "description": "X"}]}, ".transactions[0].date"),
        ({"transactions": [{"date": "2026-11-02", "amount": 7}]}, ".transactions[0].description"),
        (
            {"transactions": [{"date": "2026-11-02", "amuont": 7, "description": "X"}]},
            ".transactions[0].amuont",
        ),
        ({"transactions": [{"raw": True, "amount": None}]}, ".transactions[0].date"),
        ({"transactions": [7]}, ".transactions[0]"),
        ({"subtype": "CHECKINGS_ACCOUNT"}, ".subtype"),
        ({"creditData": {"additionalCards": [{"number": 7}]}}, ".creditData.additionalCards[0].number"),
        ({"bills": [{"totalAmount": 7}]}, ".bills[0].dueDate"),
        ({"id": "seven"}, ".id"),
        (
            {"transactions": [{"date": "2026-11-02", "amount": 1e30, "description": "X"}]},
            ".transactions[0].amount",
        ),
    ],
)
def test_every_mistake_names_its_place_and_nothing_is_written(
    pluggy: Client, change: Json, place: str
) -> None:
    told = world()
    told["items"].append(
        {"connectorId": 2, "clientUserId": "x", "accounts": [world()["items"][0]["accounts"][0] | change]}
    )
    answer = pluggy.post("/_control/world", **told)
    assert answer.status_code == 400
    assert any(one.startswith(f"items[1].accounts[0]{place}:") for one in answer.json()["mistakes"]), (
        answer.text
    )
    who = told["items"][0]["clientUserId"]
    assert who not in {item["clientUserId"] for item in pluggy.get("/_control/state").json()["items"]}


def test_ids_are_kept_and_never_taken_from_others(pluggy: Client, aurora: Json) -> None:
    mine = str(uuid.uuid4())
    row = {"id": mine, "date": "2026-11-02", "amount": 1, "description": "X"}
    item = load(pluggy, world(transactions=[row]))
    assert pluggy.get(f"/transactions/{mine}").json()["accountId"] == item["accounts"][0]["id"]
    thief = pluggy.post("/_control/world", **world(transactions=[row]))
    assert thief.json()["mistakes"] == [
        "items[0].accounts[0].transactions[0].id: is a row of another account"
    ]
    told = world()
    told["items"][0]["id"] = aurora["id"]
    assert "did not come from a file" in pluggy.post("/_control/world", **told).json()["message"]
    twice = world(transactions=[row, row])
    assert "twice" in pluggy.post("/_control/world", **twice).json()["message"]


def test_the_awkward_world_is_served_as_it_is(pluggy: Client) -> None:
    answer = pluggy.http.post(f"{pluggy.url}/_control/world/awkward?clientUserId=zoe", timeout=10)
    assert answer.status_code == 201, answer.text
    first, second = (item["id"] for item in answer.json()["items"])
    given = json.loads(AWKWARD.read_text(encoding="utf-8"))["items"][0]["accounts"]
    accounts = pluggy.get("/accounts", itemId=first).json()["results"]
    assert [one["subtype"] for one in accounts].count("CREDIT_CARD") == 3
    for account, source in zip(accounts, given, strict=True):
        url = f"{pluggy.url}/v2/transactions?accountId={account['id']}"
        rows = pluggy.http.get(url, timeout=5).json()["results"]
        assert sorted(row["description"] for row in rows) == sorted(
            row["description"] for row in source.get("transactions", [])
        )
        assert [row["amount"] for row in rows].count(None) == [
            row["amount"] for row in source.get("transactions", [])
        ].count(None)
    assert pluggy.get("/bills", accountId=accounts[2]["id"]).json()["results"][0]["totalAmount"] == 2431.5285
    truth = pluggy.truth(second)
    assert truth["item"]["status"] == "OUTDATED" and truth["item"]["error"]["code"] == "SITE_NOT_AVAILABLE"
    assert [one["status"] for one in truth["investments"]] == ["ACTIVE", "TOTAL_WITHDRAWAL"]
    assert len(truth["investmentTransactions"][truth["investments"][0]["id"]]) == 2
    assert truth["consents"][0]["expiresAt"] == "2026-09-01T12:00:00.000Z"
    assert pluggy.truth(first)["identity"]["fullName"].startswith("José")


def test_a_world_can_be_there_from_the_start(tmp_path: Path) -> None:
    program = Program(tmp_path / "state", flags=("--world", str(AWKWARD))).start()
    assert len(Client(program.url).get("/_control/state").json()["items"]) == 2
    assert program.stop() == 0
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"items": [{"connectorId": 4711}]}')
    command = [
        sys.executable,
        "-m",
        "dev.sandbox",
        "--port",
        str(program.port),
        "--state",
        str(tmp_path / "other"),
    ]
    ended = subprocess.run(
        [*command, "--world", str(wrong)], cwd=ROOT, capture_output=True, text=True, timeout=10
    )
    assert (
        ended.returncode != 0 and "items[0].connectorId" in ended.stderr and "Traceback" not in ended.stderr
    )
