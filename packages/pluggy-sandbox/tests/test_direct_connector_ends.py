"""A direct connector ends, and its user connects the same bank by Open Finance."""

import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox_testing.program import GOOD, Client, Program, Receiver, wait_until

Json = dict[str, Any]
PAIRS = [(9001, 9011), (9003, 9013)]


@pytest.fixture(scope="module")
def pluggy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Start an own program, because the connectors of the shared one must stay."""
    program = Program(tmp_path_factory.mktemp("ends"), flags=("--today", "2026-11-28")).start()
    yield Client(program.url)
    assert program.stop() == 0


@pytest.fixture(params=PAIRS, ids=["aurora", "cerrado"])
def pair(request: pytest.FixtureRequest, pluggy: Client) -> Iterator[tuple[int, int]]:
    yield request.param
    pluggy.delete(f"/_control/connectors/{request.param[0]}/end")


def listed(pluggy: Client) -> list[int]:
    return [connector["id"] for connector in pluggy.get("/connectors").json()["results"]]


def reconnect(pluggy: Client, item: str, **body: Any) -> Json:
    answer = pluggy.post(f"/_control/items/{item}/reconnect", **body)
    assert answer.status_code == 201, answer.text
    return pluggy.settled(answer.json()["id"])


def test_the_connector_is_replaced_in_the_list(pluggy: Client, pair: tuple[int, int]) -> None:
    direct, successor = pair
    assert direct in listed(pluggy) and successor not in listed(pluggy)
    ended = pluggy.post(f"/_control/connectors/{direct}/end").json()
    assert ended["ended"] is True
    assert (ended["connector"]["id"], ended["successor"]["id"]) == pair
    assert ended["connector"]["name"] == ended["successor"]["name"]
    assert (ended["connector"]["isOpenFinance"], ended["successor"]["isOpenFinance"]) == (False, True)
    assert direct not in listed(pluggy) and successor in listed(pluggy)
    assert pluggy.get(f"/connectors/{direct}").json()["health"]["status"] == "OFFLINE"
    refused = pluggy.post("/items", connectorId=direct, parameters=GOOD)
    assert refused.json()["codeDescription"] == "CONNECTOR_NOT_FOUND"
    assert pluggy.delete(f"/_control/connectors/{direct}/end").json()["ended"] is False
    assert direct in listed(pluggy) and successor not in listed(pluggy)
    assert pluggy.delete(f"/_control/connectors/{direct}/end").status_code == 404


def test_items_notice_the_end_and_keep_their_data(
    pluggy: Client, receiver: Receiver, pair: tuple[int, int]
) -> None:
    hook = pluggy.post("/webhooks", url=receiver.url, event="all").json()["id"]
    item = pluggy.connect(pair[0], clientUserId=str(uuid.uuid4()))["id"]
    transactions = {key: len(value) for key, value in pluggy.truth(item)["transactions"].items()}
    pluggy.post(f"/_control/connectors/{pair[0]}/end")
    ended = wait_until(lambda: receiver.events("item/error", item))[0]
    assert ended["error"]["code"] == "SITE_NOT_AVAILABLE" and ended["triggeredBy"] == "SYNC"
    assert [event["data"]["status"] for event in receiver.events("connector/status_updated")] == ["OFFLINE"]
    assert pluggy.settled(item)["status"] == "OUTDATED"
    assert {key: len(value) for key, value in pluggy.truth(item)["transactions"].items()} == transactions
    pluggy.post(f"/_control/connectors/{pair[0]}/end")  # again: nothing more happens
    assert len(receiver.events("connector/status_updated")) == 1
    pluggy.delete(f"/webhooks/{hook}")


def test_the_same_accounts_come_by_open_finance(
    pluggy: Client, receiver: Receiver, pair: tuple[int, int]
) -> None:
    person = str(uuid.uuid4())
    hook = pluggy.post("/webhooks", url=receiver.url, event="all").json()["id"]
    old = pluggy.connect(pair[0], clientUserId=person)
    pluggy.post(f"/_control/connectors/{pair[0]}/end")
    new = reconnect(pluggy, old["id"], months=3)
    assert (new["connector"]["id"], new["status"], new["clientUserId"]) == (pair[1], "UPDATED", person)
    wait_until(lambda: receiver.events("item/created", new["id"]))
    before, after = pluggy.accounts(old["id"]), pluggy.accounts(new["id"])
    assert before.keys() == after.keys()
    for subtype, account in after.items():
        for name in ("number", "taxNumber", "owner", "subtype"):
            assert account[name] == before[subtype][name]
        assert account["id"] != before[subtype]["id"]
    assert pluggy.get("/consents", itemId=new["id"]).json()["total"] == 1
    assert (
        pluggy.get("/identity", itemId=new["id"]).json()["document"]
        == (pluggy.get("/identity", itemId=old["id"]).json()["document"])
    )
    pluggy.delete(f"/webhooks/{hook}")


def test_the_histories_overlap_and_the_older_part_is_only_in_the_old_item(
    pluggy: Client, pair: tuple[int, int]
) -> None:
    old = pluggy.connect(pair[0], clientUserId=str(uuid.uuid4()))["id"]
    new = reconnect(pluggy, old, months=3)["id"]
    before, after = pluggy.accounts(old), pluggy.accounts(new)
    old_ones = pluggy.transactions(before["CHECKING_ACCOUNT"]["id"])
    new_ones = pluggy.transactions(after["CHECKING_ACCOUNT"]["id"])
    assert not {entry["id"] for entry in old_ones} & {entry["id"] for entry in new_ones}
    assert all(entry["providerId"] for entry in new_ones)
    first = min(entry["date"] for entry in new_ones)[:10]
    assert first >= "2026-08-01" and min(entry["date"] for entry in old_ones)[:10] < "2026-01-01"
    money = Counter((entry["amount"], entry["description"]) for entry in new_ones)
    old_money = Counter(
        (entry["amount"], entry["description"]) for entry in old_ones if entry["date"][:10] >= "2026-08-01"
    )
    shared = sum((money & old_money).values())
    assert shared >= 0.9 * sum(old_money.values()) > 10
    assert any(entry["date"][11:16] not in ("00:00", "03:00") for entry in new_ones)  # true instants


def test_both_connections_may_live_at_once(pluggy: Client, pair: tuple[int, int]) -> None:
    old = pluggy.connect(pair[0], clientUserId=str(uuid.uuid4()))["id"]
    new = reconnect(pluggy, old)["id"]
    for item in (old, new):
        pluggy.patch(f"/items/{item}")
        assert pluggy.settled(item)["status"] in ("UPDATED", "WAITING_USER_INPUT")


def test_a_person_can_connect_the_successor_in_the_widget_too(pluggy: Client, pair: tuple[int, int]) -> None:
    person = str(uuid.uuid4())
    old = pluggy.connect(pair[0], clientUserId=person)["id"]
    pluggy.post(f"/_control/connectors/{pair[0]}/end")
    new = pluggy.connect(pair[1], clientUserId=person, parameters={"cpf": "761.092.776-73"})
    assert new["status"] == "UPDATED"
    numbers = [{account["number"] for account in pluggy.accounts(item).values()} for item in (old, new["id"])]
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize("connector", [0, 2, 600, 9002, 9011])
def test_other_connectors_do_not_end(pluggy: Client, connector: int) -> None:
    assert pluggy.post(f"/_control/connectors/{connector}/end").status_code == 409


def test_wrong_requests_change_nothing(pluggy: Client) -> None:
    assert pluggy.post("/_control/connectors/4711/end").status_code == 404
    assert pluggy.post(f"/_control/items/{uuid.uuid4()}/reconnect").status_code == 404
    item = pluggy.connect(9005, clientUserId="qr", parameters={})["id"]
    assert pluggy.post(f"/_control/items/{item}/reconnect").status_code == 409
    direct = pluggy.connect(9001, clientUserId="wrong")["id"]
    for body in ({"months": -1}, {"months": "3"}, {"months": True}, {"months": 61}, {"month": 3}):
        assert pluggy.post(f"/_control/items/{direct}/reconnect", **body).status_code == 400


def ids_of(whole: Json) -> set[str]:
    lists = [*whole["transactions"].values(), *whole["bills"].values()]
    records = [*whole["accounts"], *whole["investments"], *(record for listed in lists for record in listed)]
    return {record["id"] for record in records}


def entry(day: str, amount: float, text: str, **more: Any) -> Json:
    return {"date": f"{day}T15:00:00.000Z", "amount": amount, "description": text} | more


def test_the_data_of_an_item_from_a_file_are_copied(pluggy: Client, receiver: Receiver) -> None:
    checking = {
        "subtype": "CHECKING_ACCOUNT", "number": "0001/5", "taxNumber": "761.092.776-73", "balance": 80,
        "transactions": [entry("2026-11-20", -10, "CAFE"), entry("2026-02-01", 90, "ANTES")],
    }  # fmt: skip
    card = {
        "subtype": "CREDIT_CARD", "number": "4321",
        "bills": [{"id": "@bill", "dueDate": "2026-11-17", "totalAmount": 30}],
        "transactions": [entry("2026-11-05", 30, "LOJA", creditCardMetadata={"billId": "@bill"})],
    }  # fmt: skip
    fund = {
        "name": "CDB",
        "type": "FIXED_INCOME",
        "balance": 5,
        "date": "2026-11-27",
        "amount": 5,
        "subtype": "CDB",
    }
    world = {
        "connectorId": 9003, "clientUserId": str(uuid.uuid4()), "accounts": [checking, card],
        "investments": [fund], "identity": {"fullName": "MARIA", "document": "761.092.776-73"},
    }  # fmt: skip
    answer = pluggy.post("/_control/world", items=[world])
    assert answer.ok, answer.text
    old = answer.json()["items"][0]["id"]
    hook = pluggy.post("/webhooks", url=receiver.url, event="all").json()["id"]
    new = reconnect(pluggy, old, months=3)
    assert (new["connector"]["id"], new["status"]) == (9013, "UPDATED")
    wait_until(lambda: receiver.events("item/created", new["id"]))
    assert len(receiver.events("transactions/created", new["id"])) == 2
    pluggy.delete(f"/webhooks/{hook}")
    before, after = pluggy.truth(old), pluggy.truth(new["id"])
    accounts = {account["subtype"]: account for account in after["accounts"]}
    assert [account["number"] for account in after["accounts"]] == ["0001/5", "4321"]
    assert all(account["itemId"] == new["id"] for account in after["accounts"])
    of_checking = after["transactions"][accounts["CHECKING_ACCOUNT"]["id"]]
    assert [copied["description"] for copied in of_checking] == ["CAFE"], "nothing older is transferred"
    card_id = accounts["CREDIT_CARD"]["id"]
    (bill,), (purchase,) = after["bills"][card_id], after["transactions"][card_id]
    assert (bill["totalAmount"], bill["accountId"]) == (30, card_id)
    assert purchase["creditCardMetadata"]["billId"] == bill["id"]
    assert [position["name"] for position in after["investments"]] == ["CDB"]
    assert after["identity"]["document"] == "761.092.776-73"
    assert all(consent["expiresAt"] is None for consent in after["consents"])
    assert not ids_of(before) & ids_of(after)
    assert pluggy.truth(old) == before
    pluggy.patch(f"/items/{new['id']}")
    assert pluggy.settled(new["id"])["status"] == "UPDATED"
    assert len(pluggy.truth(new["id"])["accounts"]) == 2


def test_an_end_survives_a_restart_and_a_reset_undoes_it(tmp_path: Path) -> None:
    program = Program(tmp_path).start()
    assert Client(program.url).post("/_control/connectors/9003/end").ok
    assert program.stop() == 0
    client = Client(program.start().url)
    assert 9003 not in listed(client) and 9013 in listed(client)
    client.post("/_control/reset")
    assert 9003 in listed(client) and 9013 not in listed(client)
    assert program.stop() == 0


def test_connector_0_shows_the_same_bank_as_connector_2(pluggy: Client) -> None:
    first, second = (pluggy.connect(connector, clientUserId="one-bank")["id"] for connector in (0, 2))
    numbers = [sorted(one["number"] for one in pluggy.accounts(item).values()) for item in (first, second)]
    assert numbers[0] == numbers[1]
