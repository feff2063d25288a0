"""Banks' words and odd payloads: worlds with steps, cases of words, and faults of the API."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from pluggy_sandbox.control.bank_words import cases
from pluggy_sandbox.faults import odd_fields
from sandbox_testing.program import SOURCE, Client, Receiver, wait_until

Json = dict[str, Any]
WORLDS = sorted(path.stem for path in (SOURCE / "data" / "worlds").glob("*.json"))
REFUSALS = [
    ("product-refused", 403, "PRODUCT_NOT_ENABLED"),
    ("open-finance-limit", 400, "_OPEN_FINANCE_RATE_LIMIT"),
]
DOCUMENT = "documentNumber"


@pytest.fixture
def faults(pluggy: Client) -> Iterator[Any]:
    """Return a function that switches faults on; they are switched off after the test."""
    yield lambda **fault: pluggy.post("/_control/faults", **fault)
    pluggy.delete("/_control/faults")
    pluggy.delete("/_control/chaos")


@pytest.fixture
def item(pluggy: Client) -> str:
    """Return an item of a new person."""
    return str(pluggy.connect(9001, clientUserId=str(uuid.uuid4()))["id"])


def play_world(pluggy: Client, name: str, person: str, step: int = 1) -> list[Json]:
    url = f"{pluggy.url}/_control/world/{name}?clientUserId={person}&step={step}"
    answer = pluggy.http.post(url, timeout=10)
    assert answer.status_code == 201, answer.text
    items: list[Json] = answer.json()["items"]
    return items


# --- Worlds ---------------------------------------------------------------------------------------------
def test_the_worlds_are_listed(pluggy: Client) -> None:
    listed = {world["name"]: world for world in pluggy.get("/_control/world").json()["results"]}
    assert sorted(listed) == WORLDS and all(world["about"] for world in listed.values())
    assert listed["account-closed"] == {
        "name": "account-closed", "about": "A bank account was closed", "today": "2026-11-28", "steps": 2,
    }  # fmt: skip


@pytest.mark.parametrize("name", WORLDS)
def test_every_step_is_loaded_for_two_people(pluggy: Client, name: str) -> None:
    listed = {world["name"]: world for world in pluggy.get("/_control/world").json()["results"]}
    ids: list[set[str]] = []
    for person in (f"{name}-a", f"{name}-b"):
        loaded = [play_world(pluggy, name, person, step + 1) for step in range(listed[name]["steps"])]
        ids.append({item["id"] for items in loaded for item in items})
    assert not ids[0] & ids[1]
    with pluggy.unchecked():
        assert all(pluggy.truth(item)["item"]["clientUserId"] == f"{name}-b" for item in ids[1])
    too_far = f"/_control/world/{name}?step={listed[name]['steps'] + 1}"
    assert pluggy.post(too_far).status_code == 400


def test_the_steps_change_the_same_item(pluggy: Client) -> None:
    first = play_world(pluggy, "account-closed", "closing")[0]["id"]
    assert len(pluggy.accounts(first)) == 2
    assert play_world(pluggy, "account-closed", "closing", 2)[0]["id"] == first
    assert set(pluggy.accounts(first)) == {"CHECKING_ACCOUNT"}
    item = play_world(pluggy, "id-reused", "reused")[0]
    account = item["accounts"][0]["id"]
    before = pluggy.transactions(account)[0]
    play_world(pluggy, "id-reused", "reused", 2)
    after = pluggy.transactions(account)[0]
    assert after["id"] == before["id"] and (before["amount"], after["amount"]) == (2500, -85)
    old, new = (play_world(pluggy, "bank-connected-anew", "anew", step)[0]["id"] for step in (1, 2))
    assert old != new
    last = play_world(pluggy, "last-position-ends", "last")[0]["id"]
    with pluggy.unchecked():
        assert pluggy.get("/loans", itemId=last).json()["total"] == 1
        play_world(pluggy, "last-position-ends", "last", 2)
        assert pluggy.get("/loans", itemId=last).json()["total"] == 0


def test_symbolic_ids_link_bills_and_transactions(pluggy: Client) -> None:
    card = play_world(pluggy, "purchase-on-closing-day", "closing-day")[0]["accounts"][0]["id"]
    bills = {bill["id"] for bill in pluggy.get("/bills", accountId=card).json()["results"]}
    with pluggy.unchecked():
        billed = [(entry["creditCardMetadata"] or {}).get("billId") for entry in pluggy.transactions(card)]
    assert len(bills) == 2 and set(filter(None, billed)) == bills
    world = {"connectorId": 9001, "id": "@", "accounts": [{"subtype": "CHECKING_ACCOUNT"}]}
    assert "UUID" in pluggy.post("/_control/world", items=[world]).json()["message"]


@pytest.mark.parametrize("steps", [[], {}, [7], "2", None])
def test_wrong_steps_are_an_error(pluggy: Client, steps: object) -> None:
    answer = pluggy.post("/_control/world", steps=steps)
    assert answer.status_code == 400 and "message" in answer.json()


# --- Words ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sorted(cases()))
def test_every_case_of_words_is_played(pluggy: Client, name: str) -> None:
    person = str(uuid.uuid4())
    item, other = (pluggy.connect(bank, clientUserId=person)["id"] for bank in (9001, 9003))
    played = pluggy.post(f"/_control/items/{item}/words", name=name)
    assert played.status_code == 201, played.text
    added, given = played.json()["transactions"], cases()[name]["transactions"]
    assert [entry["description"] for entry in added] == [spec["description"] for spec in given]
    assert [entry["categoryId"] for entry in added] == [spec["categoryId"] for spec in given]
    assert played.json()["leftOut"] == 0
    with pluggy.unchecked():
        stored = {
            entry["id"]
            for each in (item, other)
            for account in pluggy.truth(each)["transactions"].values()
            for entry in account
        }
    assert {entry["id"] for entry in added} <= stored
    pluggy.post(f"/_control/items/{item}/refresh")
    assert pluggy.settled(item)["status"] == "UPDATED"


def test_words_name_the_owner_and_others(pluggy: Client, item: str, hooked: Receiver) -> None:
    own = pluggy.accounts(item)["CHECKING_ACCOUNT"]["taxNumber"]
    added = pluggy.post(f"/_control/items/{item}/words", name="pix-returned").json()["transactions"]
    payment = added[0]["paymentData"]
    assert payment["payer"][DOCUMENT] == {"type": "CPF", "value": own}
    assert payment["receiver"][DOCUMENT]["value"] == "529.982.247-25"
    assert added[2]["paymentData"]["receiver"][DOCUMENT]["type"] == "CNPJ"
    wait_until(lambda: len(hooked.events("transactions/created", item)) >= len(added))
    alone = pluggy.post(f"/_control/items/{item}/words", name="salary-portability").json()
    assert alone["leftOut"] == 1 and len(alone["transactions"]) == 2


def test_words_that_are_not_known_change_nothing(pluggy: Client, item: str) -> None:
    path = f"/_control/items/{item}/words"
    for body in (
        {},
        {"name": None},
        {"name": "no"},
        {"name": ["pix-returned"]},
        {"name": "pix-returned", "x": 1},
    ):
        assert pluggy.post(path, **body).status_code == 400
    assert pluggy.post(f"/_control/items/{uuid.uuid4()}/words", name="pix-returned").status_code == 404
    assert len(pluggy.get("/_control/words").json()["results"]) == len(cases())


def test_unconverted_amounts_are_in_no_balance(pluggy: Client, item: str) -> None:
    before = pluggy.accounts(item)["CREDIT_CARD"]["balance"]
    added = pluggy.post(f"/_control/items/{item}/words", name="foreign-unconverted").json()["transactions"]
    assert [(entry["currencyCode"], entry["amountInAccountCurrency"]) for entry in added] == [
        ("USD", None),
        ("ARS", None),
    ]
    assert pluggy.accounts(item)["CREDIT_CARD"]["balance"] == before


# --- Faults ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("kind", "status", "code"), REFUSALS)
def test_one_product_is_refused_and_the_others_are_read(
    pluggy: Client, faults: Any, item: str, kind: str, status: int, code: str
) -> None:
    faults(kind=kind, path="^/loans", times=None)
    refused = pluggy.get("/loans", itemId=item)
    assert refused.status_code == status and refused.json()["codeDescription"].endswith(code)
    assert refused.json()["code"] == status
    for noun in ("investments", "identity", "accounts"):
        assert pluggy.get(f"/{noun}", itemId=item).ok
    faults(kind=kind, path="^/bills", status=429, times=1)
    card = pluggy.accounts(item)["CREDIT_CARD"]["id"]
    assert [pluggy.get("/bills", accountId=card).status_code for _ in range(2)] == [429, 200]


@pytest.mark.parametrize("value", [None, "", 7, [], {}, "quase", {"a": [1]}])
def test_a_field_becomes_odd_wherever_it_is(pluggy: Client, faults: Any, item: str, value: object) -> None:
    card = pluggy.accounts(item)["CREDIT_CARD"]["id"]
    faults(kind="odd-field", path="^/bills", field="financeCharges", value=value)
    odd = pluggy.get("/bills", accountId=card).json()["results"]
    assert odd and all(bill["financeCharges"] == value for bill in odd)
    assert pluggy.get("/bills", accountId=card).json()["results"][0]["financeCharges"] != value or value == []
    faults(kind="odd-field", path="^/v2/transactions", field="creditCardMetadata.payeeMCC", value=value)
    metadata = [entry["creditCardMetadata"] for entry in pluggy.transactions(card)]
    assert all(entry["payeeMCC"] == value for entry in metadata[:500])
    faults(kind="odd-field", path="^/items/", field="nextAutoSyncAt", value=value)
    assert pluggy.get(f"/items/{item}").json()["nextAutoSyncAt"] == value


def test_odd_fields_in_turn_spare_what_figures_need(pluggy: Client, faults: Any, item: str) -> None:
    faults(kind="odd-field", path="^/accounts", times=None)
    usual = pluggy.truth(item)["accounts"]
    seen = set()
    for _ in range(40):
        odd = pluggy.get("/accounts", itemId=item).json()["results"]
        for account, before in zip(odd, usual, strict=True):
            seen |= {name for name in account if account[name] != before[name]}
            for name in ("id", "itemId", "balance", "type", "subtype", "currencyCode", "number", "taxNumber"):
                assert account[name] == before[name]
    assert {"name", "owner", "marketingName", "createdAt"} <= seen
    assert pluggy.truth(item)["accounts"] == usual


@pytest.mark.parametrize("end", ["one", "all", "last time", "random"])
def test_what_was_sent_odd_is_reported_as_updated_once_the_fault_has_ended(
    pluggy: Client, faults: Any, hooked: Receiver, item: str, end: str
) -> None:
    account = pluggy.accounts(item)["CHECKING_ACCOUNT"]["id"]
    before = {entry["id"]: entry for entry in pluggy.transactions(account)}
    fault_id = ""
    if end == "random":
        pluggy.post("/_control/chaos", rate=1, kinds=["odd-field"], paths="^/v2/transactions")
    else:
        made = faults(
            kind="odd-field", path="^/v2/", field="merchant", value=7, times=1 if end == "last time" else None
        )
        fault_id = made.json()["id"]
    with pluggy.unchecked():
        odd = pluggy.get("/v2/transactions", accountId=account).json()["results"]
    assert all(entry != before[entry["id"]] for entry in odd)
    if end != "last time":
        assert not hooked.events("transactions/updated", item)
        pluggy.delete(
            {"one": f"/_control/faults/{fault_id}", "all": "/_control/faults"}.get(end, "/_control/chaos")
        )
    wait_until(lambda: hooked.events("transactions/updated", item))
    wait_until(lambda: hooked.events("item/updated", item))
    events = hooked.events("transactions/updated", item)
    reported = [transaction_id for event in events for transaction_id in event["transactionIds"]]
    assert sorted(reported) == sorted(entry["id"] for entry in odd)
    for entry in pluggy.transactions(account):
        changed = {name for name in entry if entry[name] != before[entry["id"]][name]}
        assert changed <= {"updatedAt"} and (not changed or entry["id"] in reported)
    pluggy.delete("/_control/faults")
    assert len(hooked.events("transactions/updated", item)) == len(events)


def test_turns_go_through_every_field_and_value() -> None:
    element = {"id": "x", "a": 1, "b": {"c": 1, "amount": 2}, "d": [{"e": 1}]}
    chosen = [odd_fields.choose(element, turn) for turn in range(25)]
    assert {path for path, _ in chosen} == {"a", "b", "b.c", "d", "d.e"}
    assert len({(path, json.dumps(value)) for path, value in chosen}) == 25
    assert odd_fields.choose({"id": 1}, 3)[0] == "unknown"
    nested = {"a": [{"b": {"c": 1}}, 7, {"b": None}]}
    odd_fields.replace(nested, "a.b.c", "odd")
    assert nested == {"a": [{"b": {"c": "odd"}}, 7, {"b": None}]}


def test_an_id_is_given_to_another_posting(pluggy: Client, faults: Any, hooked: Receiver, item: str) -> None:
    account = pluggy.accounts(item)["CHECKING_ACCOUNT"]["id"]
    before = {entry["id"]: entry for entry in pluggy.transactions(account)}
    faults(kind="id-reused")
    after = {entry["id"]: entry for entry in pluggy.transactions(account)}
    (changed,) = [entry for entry in after if after[entry] != before[entry]]
    assert before.keys() == after.keys()
    old, new = before[changed], after[changed]
    assert old["amount"] * new["amount"] < 0 and old["type"] != new["type"]
    for name in ("amount", "description", "date"):
        assert old[name] != new[name], name
    event = wait_until(lambda: hooked.events("transactions/updated", item))[0]
    assert event["transactionIds"] == [changed]
    again = pluggy.post(f"/_control/transactions/{changed}/reuse").json()
    assert again["amount"] * new["amount"] < 0
    assert pluggy.post(f"/_control/transactions/{uuid.uuid4()}/reuse").status_code == 404


def test_words_appear_as_a_fault_and_at_random(pluggy: Client, faults: Any, item: str) -> None:
    account = pluggy.accounts(item)["CHECKING_ACCOUNT"]["id"]
    before = len(pluggy.transactions(account))
    faults(kind="bank-words", times=3)
    for _ in range(3):
        pluggy.transactions(account)
    assert len(pluggy.transactions(account)) > before
    kinds = ["odd-field", "id-reused", "bank-words", "product-refused", "open-finance-limit"]
    chaos = {"seed": 3, "rate": 1, "kinds": kinds, "paths": "^/(v2/transactions|bills|loans|accounts)"}
    assert pluggy.post("/_control/chaos", **chaos).status_code == 201
    with pluggy.unchecked():
        for _ in range(20):
            pluggy.get("/v2/transactions", accountId=account)
            pluggy.get("/loans", itemId=item)
    struck = pluggy.delete("/_control/chaos").json()["requests"]["struck"]
    assert {hit["kind"] for hit in struck if hit["struck"]} == set(kinds)
    assert all(pluggy.get("/v2/transactions", accountId=account).ok for _ in range(2))


@pytest.mark.parametrize("field", [7, [], {}, True])
def test_a_field_must_be_a_name(faults: Any, field: object) -> None:
    assert faults(kind="odd-field", field=field).status_code == 400
