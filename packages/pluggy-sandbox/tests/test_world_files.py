"""World files: the awkward example, errors with their paths, and loading again."""

import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from sandbox_testing.program import ROOT, SOURCE, Client, Program, Receiver, wait_until

Json = dict[str, Any]
AWKWARD = SOURCE / "data" / "worlds" / "awkward.json"


def world(**account: Any) -> Json:
    """Return a small world of a new person."""
    transactions = [
        {"date": "2026-11-02", "amount": -7.5, "description": "CAFE"},
        {"date": "2026-11-02", "amount": -7.5, "description": "CAFE"},
        {"date": "2026-11-03T10:00:00.000Z", "amount": 100, "description": "PIX", "categoryId": "05070000"},
    ]
    account_json = {"subtype": "CHECKING_ACCOUNT", "transactions": transactions} | account
    return {"items": [{"connectorId": 9001, "clientUserId": str(uuid.uuid4()), "accounts": [account_json]}]}


def load(pluggy: Client, world_json: Json, **query: Any) -> Json:
    answer = pluggy.http.post(f"{pluggy.url}/_control/world", params=query, json=world_json, timeout=10)
    assert answer.status_code == 201, answer.text
    item_json: Json = answer.json()["items"][0]
    return item_json


def counts(item: Json) -> list[tuple[int, int, int]]:
    return [
        (account_json["created"], account_json["updated"], account_json["deleted"])
        for account_json in item["accounts"]
    ]


def test_missing_fields_get_defaults(pluggy: Client) -> None:
    item = load(pluggy, world())
    account = pluggy.accounts(item["id"])["CHECKING_ACCOUNT"]
    assert (account["balance"], account["currencyCode"], account["type"]) == (85, "BRL", "BANK")
    pix, coffee, same = pluggy.transactions(account["id"])
    assert (pix["category"], pix["type"], pix["status"]) == ("Transfer - PIX", "CREDIT", "POSTED")
    assert coffee["date"] == "2026-11-02T00:00:00.000Z" and coffee["merchant"] is None
    assert coffee["id"] != same["id"]
    state = pluggy.get(f"/items/{item['id']}").json()
    assert (state["status"], state["executionStatus"], state["nextAutoSyncAt"]) == (
        "UPDATED",
        "SUCCESS",
        None,
    )


def test_a_first_load_sends_the_events_of_a_first_run(pluggy: Client, hooked: Receiver) -> None:
    item = load(pluggy, world())["id"]
    wait_until(lambda: hooked.events("item/created", item))
    assert [event["event"] for event in hooked.events(item_id=item)] == [
        "item/login_succeeded",
        "transactions/created",
        "item/created",
    ]
    quiet = load(pluggy, world(), silent=1)["id"]
    assert pluggy.get("/_control/events", itemId=quiet).json()["results"] == []


def test_loading_again_replaces_and_reports_the_changes(pluggy: Client, hooked: Receiver) -> None:
    world_json = world()
    item = load(pluggy, world_json)
    events = len(pluggy.get("/_control/events", itemId=item["id"]).json()["results"])
    assert counts(load(pluggy, world_json)) == [(0, 0, 0)]
    assert len(pluggy.get("/_control/events", itemId=item["id"]).json()["results"]) == events
    transactions = world_json["items"][0]["accounts"][0]["transactions"]
    del transactions[1]
    transactions[1]["status"] = "PENDING"
    transactions.append({"date": "2026-11-04", "amount": -1, "description": "NEW"})
    assert counts(load(pluggy, world_json)) == [(1, 1, 1)]
    for name in ("created", "updated", "deleted"):
        wait_until(lambda event=f"transactions/{name}": hooked.events(event, item["id"]))
    wait_until(lambda: hooked.events("item/updated", item["id"]))
    account = item["accounts"][0]["id"]
    assert sorted(transaction["description"] for transaction in pluggy.transactions(account)) == [
        "CAFE",
        "NEW",
        "PIX",
    ]
    world_json["items"][0]["accounts"] = []
    assert sum(deleted for _, _, deleted in counts(load(pluggy, world_json))) == 3
    assert pluggy.accounts(item["id"]) == {}


def test_extend_mode_deletes_nothing(pluggy: Client) -> None:
    world_json = world()
    item = load(pluggy, world_json)
    world_json["items"][0]["accounts"][0]["transactions"] = [
        {"date": "2026-11-04", "amount": -1, "description": "NEW"}
    ]
    assert counts(load(pluggy, world_json, mode="extend")) == [(1, 0, 0)]
    assert len(pluggy.transactions(item["accounts"][0]["id"])) == 4


def test_a_sync_changes_nothing_and_manual_changes_move_the_balance(pluggy: Client) -> None:
    item = load(pluggy, world(balance=10))["id"]
    pluggy.patch(f"/items/{item}")
    assert pluggy.settled(item)["executionStatus"] == "SUCCESS"
    assert pluggy.accounts(item)["CHECKING_ACCOUNT"]["balance"] == 10
    transaction = pluggy.post(f"/_control/items/{item}/transactions", description="X", amount=-2.5).json()
    assert pluggy.accounts(item)["CHECKING_ACCOUNT"]["balance"] == 7.5
    pluggy.delete(f"/_control/transactions/{transaction['id']}")
    assert pluggy.accounts(item)["CHECKING_ACCOUNT"]["balance"] == 10
    assert len(pluggy.transactions(transaction["accountId"])) == 3


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
def test_every_error_has_its_path_and_nothing_is_stored(pluggy: Client, change: Json, place: str) -> None:
    world_json = world()
    world_json["items"].append(
        {"connectorId": 2, "clientUserId": "x", "accounts": [world()["items"][0]["accounts"][0] | change]}
    )
    answer = pluggy.post("/_control/world", **world_json)
    assert answer.status_code == 400
    assert any(
        account_json.startswith(f"items[1].accounts[0]{place}:") for account_json in answer.json()["mistakes"]
    ), answer.text
    client_user_id = world_json["items"][0]["clientUserId"]
    assert client_user_id not in {
        item["clientUserId"] for item in pluggy.get("/_control/state").json()["items"]
    }


def test_ids_are_kept_and_conflicts_are_refused(pluggy: Client, aurora: Json) -> None:
    mine = str(uuid.uuid4())
    transaction = {"id": mine, "date": "2026-11-02", "amount": 1, "description": "X"}
    item = load(pluggy, world(transactions=[transaction]))
    assert pluggy.get(f"/transactions/{mine}").json()["accountId"] == item["accounts"][0]["id"]
    thief = pluggy.post("/_control/world", **world(transactions=[transaction]))
    assert thief.json()["mistakes"] == [
        "items[0].accounts[0].transactions[0].id: is a transaction of another account"
    ]
    world_json = world()
    world_json["items"][0]["id"] = aurora["id"]
    assert "did not come from a file" in pluggy.post("/_control/world", **world_json).json()["message"]
    twice = world(transactions=[transaction, transaction])
    assert "twice" in pluggy.post("/_control/world", **twice).json()["message"]


def test_the_awkward_world_is_served_unchanged(pluggy: Client) -> None:
    answer = pluggy.http.post(f"{pluggy.url}/_control/world/awkward?clientUserId=zoe", timeout=10)
    assert answer.status_code == 201, answer.text
    first, second = (item["id"] for item in answer.json()["items"])
    given = json.loads(AWKWARD.read_text(encoding="utf-8"))["items"][0]["accounts"]
    accounts = pluggy.get("/accounts", itemId=first).json()["results"]
    assert [account_json["subtype"] for account_json in accounts].count("CREDIT_CARD") == 3
    for account, source in zip(accounts, given, strict=True):
        url = f"{pluggy.url}/v2/transactions?accountId={account['id']}"
        transactions = pluggy.http.get(url, timeout=5).json()["results"]
        assert sorted(transaction["description"] for transaction in transactions) == sorted(
            transaction["description"] for transaction in source.get("transactions", [])
        )
        assert [transaction["amount"] for transaction in transactions].count(None) == [
            transaction["amount"] for transaction in source.get("transactions", [])
        ].count(None)
    assert pluggy.get("/bills", accountId=accounts[2]["id"]).json()["results"][0]["totalAmount"] == 2431.5285
    truth = pluggy.truth(second)
    assert truth["item"]["status"] == "OUTDATED" and truth["item"]["error"]["code"] == "SITE_NOT_AVAILABLE"
    assert [account_json["status"] for account_json in truth["investments"]] == ["ACTIVE", "TOTAL_WITHDRAWAL"]
    assert len(truth["investmentTransactions"][truth["investments"][0]["id"]]) == 2
    assert truth["consents"][0]["expiresAt"] == "2026-09-01T12:00:00.000Z"
    assert pluggy.truth(first)["identity"]["fullName"].startswith("José")


def test_a_world_file_can_be_loaded_at_start(tmp_path: Path) -> None:
    program = Program(tmp_path / "state", flags=("--world", str(AWKWARD))).start()
    assert len(Client(program.url).get("/_control/state").json()["items"]) == 2
    assert program.stop() == 0
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"items": [{"connectorId": 4711}]}')
    flags = ["--port", str(program.port), "--state", str(tmp_path / "other")]
    command = [sys.executable, "-m", "pluggy_sandbox", *flags]
    ended = subprocess.run(
        [*command, "--world", str(wrong)], cwd=ROOT, capture_output=True, text=True, timeout=10
    )
    assert (
        ended.returncode != 0 and "items[0].connectorId" in ended.stderr and "Traceback" not in ended.stderr
    )
