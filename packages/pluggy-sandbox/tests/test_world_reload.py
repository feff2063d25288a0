"""Loading a world again: the same file changes nothing, and an item that was gone is there again."""

import copy
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from pluggy_sandbox.world_files.schemas import schemas
from sandbox_testing.program import SOURCE, Client, Program

Json = dict[str, Any]
EXAMPLES = sorted(path.stem for path in (SOURCE / "data" / "worlds").glob("*.json"))
AWKWARD = SOURCE / "data" / "worlds" / "awkward.json"
TRANSACTION_PRODUCTS = ("investments", "loans", "identity", "consents")


def full_world(**item: Any) -> Json:
    """Return a world with every kind of record."""
    payment = {"paymentDate": "2026-10-10", "amount": 300, "valueType": "FULL_PAYMENT"}
    investment = {
        "date": "2026-11-27", "type": "FIXED_INCOME", "subtype": "CDB", "name": "CDB A", "balance": 1000,
        "amount": 1000, "transactions": [{"type": "BUY", "date": "2026-01-05", "quantity": 1, "amount": 9}],
    }  # fmt: skip
    accounts = [
        {
            "subtype": "CHECKING_ACCOUNT", "number": "0001/55501-0", "balance": 8500,
            "transactions": [
                {"date": "2026-11-02", "amount": -7.5, "description": "CAFE"},
                {"date": "2026-11-02", "amount": -7.5, "description": "CAFE"},
                {"raw": True, "date": "2026-11-03", "amount": None, "description": "ODD", "status": 7},
            ],
        },
        {
            "subtype": "CREDIT_CARD", "number": "4003", "balance": 50,
            "transactions": [{"date": "2026-11-05", "amount": 50, "description": "MERCADO"}],
            "bills": [{"dueDate": "2026-10-10", "totalAmount": 300, "payments": [payment]}],
        },
    ]  # fmt: skip
    return {
        "items": [
            {
                "connectorId": 9001, "clientUserId": str(uuid.uuid4()), "accounts": accounts,
                "investments": [investment],
                "loans": [{"productName": "Emprestimo", "contractAmount": 6000}],
                "identity": {"fullName": "MARIA TESTE", "document": "761.092.776-73"},
                "consents": [{"expiresAt": "2027-11-01"}],
            }
            | item
        ]
    }  # fmt: skip


def load(pluggy: Client, world: Json, **query: Any) -> list[Json]:
    answer = pluggy.http.post(f"{pluggy.url}/_control/world", params=query, json=world, timeout=10)
    assert answer.status_code == 201, answer.text
    items: list[Json] = answer.json()["items"]
    return items


def reading(pluggy: Client, item_id: str) -> Json:
    """Return what the API and the control panel show of an item."""
    lists = {
        noun: pluggy.get(f"/{noun}", itemId=item_id).json() for noun in ("accounts", *TRANSACTION_PRODUCTS)
    }
    accounts = [account["id"] for account in lists["accounts"]["results"]]
    pages = {account: pluggy.transactions(account) for account in accounts}
    bills = {account: pluggy.get("/bills", accountId=account).json() for account in accounts}
    item = pluggy.get(f"/items/{item_id}").json()
    return lists | {"pages": pages, "bills": bills, "item": item, "truth": pluggy.truth(item_id)}


def events(pluggy: Client, item_id: str) -> list[Json]:
    results: list[Json] = pluggy.get("/_control/events", itemId=item_id).json()["results"]
    return results


def changes(items: list[Json]) -> int:
    return sum(
        account[name]
        for item in items
        for account in item["accounts"]
        for name in ("created", "updated", "deleted")
    )


@pytest.mark.parametrize("times", [1, 2, 3])
def test_the_same_file_changes_nothing(pluggy: Client, times: int) -> None:
    world = full_world()
    item_id = load(pluggy, world)[0]["id"]
    with pluggy.unchecked():
        before, sent = reading(pluggy, item_id), events(pluggy, item_id)
        assert len(before["accounts"]["results"]) == 2 and before["investments"]["total"] == 1
        for _ in range(times):
            assert changes(load(pluggy, copy.deepcopy(world))) == 0
        assert reading(pluggy, item_id) == before
        assert events(pluggy, item_id) == sent


@pytest.mark.parametrize("query", [{"mode": "extend"}, {"silent": "1"}, {"clientUserId": "same-person"}])
def test_the_same_file_changes_nothing_with_options(pluggy: Client, query: Json) -> None:
    world = full_world()
    item_id = load(pluggy, world, **query)[0]["id"]
    with pluggy.unchecked():
        before = reading(pluggy, item_id)
        assert changes(load(pluggy, world, **query)) == 0
        assert reading(pluggy, item_id) == before


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_can_be_loaded_again(pluggy: Client, example: str) -> None:
    person = f"again-{example}"
    url = f"{pluggy.url}/_control/world/{example}?clientUserId={person}"
    with pluggy.unchecked():
        first = pluggy.http.post(url, timeout=10).json()["items"]
        before = [reading(pluggy, item["id"]) for item in first]
        again = pluggy.http.post(url, timeout=10).json()["items"]
        assert changes(again) == 0
        assert [reading(pluggy, item["id"]) for item in first] == before


def test_a_changed_file_keeps_the_item_readable(pluggy: Client) -> None:
    world = full_world()
    item_id = load(pluggy, world)[0]["id"]
    created = pluggy.get(f"/items/{item_id}").json()["createdAt"]
    world["items"][0]["accounts"][0]["balance"] = 9000
    world["items"][0]["loans"] = []
    load(pluggy, world)
    assert pluggy.accounts(item_id)["CHECKING_ACCOUNT"]["balance"] == 9000
    assert pluggy.get("/loans", itemId=item_id).json()["total"] == 0
    assert pluggy.get("/investments", itemId=item_id).json()["total"] == 1
    assert pluggy.get("/consents", itemId=item_id).json()["total"] == 1
    item = pluggy.get(f"/items/{item_id}").json()
    assert item["createdAt"] == created and item["updatedAt"] >= created
    assert [event["event"] for event in events(pluggy, item_id)].count("item/updated") == 1


def test_only_the_status_of_the_item_differs(pluggy: Client) -> None:
    world = full_world()
    item_id = load(pluggy, world)[0]["id"]
    error = {"code": "SITE_NOT_AVAILABLE", "message": "down"}
    failed = {"status": "OUTDATED", "executionStatus": "SITE_NOT_AVAILABLE", "error": error}
    load(pluggy, {"items": [world["items"][0] | failed]})
    assert pluggy.get(f"/items/{item_id}").json()["error"]["code"] == "SITE_NOT_AVAILABLE"
    assert events(pluggy, item_id)[-1]["event"] == "item/error"
    load(pluggy, world)  # the file says nothing of the status: the item keeps its own
    assert pluggy.get(f"/items/{item_id}").json()["status"] == "OUTDATED"


def test_a_deleted_item_is_there_again(pluggy: Client) -> None:
    world = full_world()
    item_id = load(pluggy, world)[0]["id"]
    assert pluggy.delete(f"/_control/items/{item_id}").ok
    assert pluggy.get("/accounts", itemId=item_id).json()["total"] == 0
    load(pluggy, world)
    assert pluggy.get(f"/items/{item_id}").json()["status"] == "UPDATED"
    with pluggy.unchecked():
        for noun in ("accounts", "investments", "loans", "consents"):
            assert pluggy.get(f"/{noun}", itemId=item_id).json()["total"] > 0, noun
        assert pluggy.get("/identity", itemId=item_id).ok


def test_the_same_file_undoes_changes_of_the_control_panel(pluggy: Client) -> None:
    world = full_world()
    item = load(pluggy, world)[0]
    account = item["accounts"][0]["id"]
    with pluggy.unchecked():
        transaction = pluggy.transactions(account)[0]["id"]
        pluggy.delete(f"/_control/transactions/{transaction}")
        pluggy.post(f"/_control/items/{item['id']}/transactions", description="X", amount=-1)
        again = load(pluggy, world)[0]["accounts"][0]
        assert (again["created"], again["deleted"]) == (1, 1)
        assert len(pluggy.transactions(account)) == 3


def test_a_world_at_start_can_be_loaded_at_every_start(tmp_path: Path) -> None:
    program = Program(tmp_path / "state", flags=("--world", str(AWKWARD))).start()
    client = Client(program.url)
    with client.unchecked():
        items = [item["id"] for item in client.get("/_control/state").json()["items"]]
        before = [reading(client, item) for item in items]
        assert program.stop() == 0
        program.start()
        client = Client(program.url)
        client.checking = False
        assert [reading(client, item) for item in items] == before
        assert program.stop() == 0


@pytest.mark.parametrize("name", ["createdAt", "updatedAt", "date"])
@pytest.mark.parametrize(
    "value", [None, "", 7, True, [], {}, "yesterday", "2026-11-03", "0001-01-01T00:00:00Z"]
)
def test_odd_times_of_a_raw_transaction_are_served_unchanged(
    pluggy: Client, name: str, value: object
) -> None:
    transaction = {"raw": True, "date": "2026-11-03", "amount": -5, "description": "ODD", name: value}
    account = {"subtype": "CHECKING_ACCOUNT", "transactions": [transaction]}
    world = {"items": [{"connectorId": 9001, "clientUserId": str(uuid.uuid4()), "accounts": [account]}]}
    with pluggy.unchecked():
        answer = pluggy.post("/_control/world", **world)
        if name == "date" and value not in ("2026-11-03",):
            assert answer.status_code == 400 and "date" in answer.json()["message"]
            return
        assert answer.status_code == 201, answer.text
        item = answer.json()["items"][0]
        account_id = item["accounts"][0]["id"]
        assert pluggy.transactions(account_id)[0][name] == value
        sent = next(e for e in events(pluggy, item["id"]) if e["event"] == "transactions/created")
        payload = pluggy.get(f"/_control/events/{sent['eventId']}").json()["payload"]
        link = payload["createdTransactionsLink"].removeprefix(pluggy.url)
        assert len(pluggy.get(link).json()["results"]) == 1
        assert changes(load(pluggy, world)) == 0


@pytest.mark.parametrize("value", [None, 7, "yesterday"])
def test_odd_times_of_other_raw_records(pluggy: Client, value: object) -> None:
    world = full_world()
    item = world["items"][0]
    for record in (*item["accounts"], *item["investments"], *item["consents"], *item["loans"]):
        record |= {"raw": True, "createdAt": value, "updatedAt": value}
    for bill in item["accounts"][1]["bills"]:
        bill |= {"raw": True, "billClosingDate": value}
    with pluggy.unchecked():
        item_id = load(pluggy, world)[0]["id"]
        before = reading(pluggy, item_id)
        assert before["accounts"]["results"][0]["createdAt"] == value
        assert changes(load(pluggy, world)) == 0
        assert reading(pluggy, item_id) == before


@pytest.mark.parametrize(
    "raw", [{"createdAt": None}, {"createdAt": 7}, {"updatedAt": None}, {"merchant": "X"}]
)
def test_odd_raw_fields_of_the_control_panel_are_no_500(pluggy: Client, raw: Json) -> None:
    path = f"/_control/items/{pluggy.connect(9001, clientUserId='odd-fields')['id']}/transactions"
    with pluggy.unchecked():
        added = pluggy.post(path, amount=-1, description="ODD", raw=raw)
        assert added.status_code == 201, added.text
        assert added.json() | raw == added.json()
        changed = pluggy.patch(f"/_control/transactions/{added.json()['id']}", raw=raw)
        assert changed.status_code == 200, changed.text
        assert pluggy.delete(f"/_control/transactions/{added.json()['id']}").ok


def test_the_world_of_an_odd_bill_is_served(pluggy: Client) -> None:
    """The charges and payments of a bill may be null, and their fields too."""
    bill = {"raw": True, "financeCharges": None, "payments": None}
    charge, payment = {"type": None, "amount": 1.5}, {"paymentDate": None, "amount": 500}
    bills = [
        bill | {"dueDate": "2026-11-10", "totalAmount": 600, "financeCharges": [charge], "payments": []},
        bill | {"dueDate": "2026-10-10", "totalAmount": 500, "payments": [payment]},
        bill | {"dueDate": "2026-09-10", "totalAmount": 400},
    ]
    account = {"subtype": "CREDIT_CARD", "number": "4014", "balance": 600, "transactions": [], "bills": bills}
    world = {"items": [{"connectorId": 9002, "clientUserId": str(uuid.uuid4()), "accounts": [account]}]}
    with pluggy.unchecked():
        account_id = load(pluggy, world)[0]["accounts"][0]["id"]
        served = pluggy.get("/bills", accountId=account_id).json()["results"]
        assert [bill["financeCharges"] for bill in served][1:] == [None, None]
        assert changes(load(pluggy, world)) == 0
        assert json.dumps(served) == json.dumps(pluggy.get("/bills", accountId=account_id).json()["results"])


@pytest.mark.parametrize("value", [None, "", 7, [], {}])
@pytest.mark.parametrize(
    "schema", ["Account", "Transaction", "Bill", "Investment", "Loan", "Identity", "Consent"]
)
def test_any_field_of_a_raw_record_may_be_odd(pluggy: Client, schema: str, value: object) -> None:
    kept = {"id", "itemId", "accountId", "date", "transactions"}
    odd = {"raw": True} | {name: value for name in schemas()[schema] if name not in kept}
    world = full_world()
    item = world["items"][0]
    records = {
        "Account": item["accounts"][0], "Transaction": item["accounts"][0]["transactions"][0],
        "Bill": item["accounts"][1]["bills"][0], "Investment": item["investments"][0],
        "Loan": item["loans"][0], "Identity": item["identity"], "Consent": item["consents"][0],
    }  # fmt: skip
    records[schema].update(odd)
    with pluggy.unchecked():
        item_id = load(pluggy, world)[0]["id"]
        before = reading(pluggy, item_id)
        assert len(before["truth"]["accounts"]) == 2
        assert changes(load(pluggy, world)) == 0
        assert reading(pluggy, item_id) == before
