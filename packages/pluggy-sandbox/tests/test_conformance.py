"""The check against Pluggy's OpenAPI file: it can fail, and it covers every endpoint."""

import json
from collections.abc import Iterator
from typing import Any

import pluggy_sdk
import pytest

from pluggy_sandbox.store.database import Database
from sandbox_testing import conformance, sample_records
from sandbox_testing.program import GOOD, Client, Program, wait_until

Json = dict[str, Any]


@pytest.fixture(scope="module")
def open_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Start a program with every endpoint open."""
    running = Program(tmp_path_factory.mktemp("open"), flags=("--list-items",)).start()
    yield running
    running.stop()


def test_every_endpoint_conforms_to_the_specification(open_program: Program) -> None:
    client = Client(open_program.url)
    client.post("/auth", clientId="", clientSecret="")
    walk_items(client)
    item = until_waiting(client, client.post("/items", connectorId=9002, parameters=GOOD).json()["id"])
    client.post(f"/items/{item['id']}/mfa", token="123456")
    walk_data(client, open_program, client.settled(item["id"]))
    walk_application(client)
    client.delete(f"/items/{item['id']}")
    assert conformance.endpoints() - client.exercised == set()


def until_waiting(client: Client, item_id: str) -> Json:
    def waiting() -> Json | None:
        item: Json = client.get(f"/items/{item_id}").json()
        return item if item["status"] == "WAITING_USER_INPUT" else None

    item: Json = wait_until(waiting)
    return item


def walk_items(client: Client) -> None:
    for path in ("/connectors", "/connectors/2"):
        client.get(path, sandbox="true")
    client.post("/connectors/2/validate", **GOOD)
    item = client.connect(2)
    client.post("/connect_token", itemId=item["id"])
    client.patch(f"/items/{item['id']}/disable-auto-sync")
    client.patch(f"/items/{item['id']}")
    client.settled(item["id"])
    for path in ("/v2/items", f"/items/{item['id']}/resources"):
        client.get(path)


def walk_data(client: Client, program: Program, item: Json) -> None:
    accounts = client.accounts(item["id"])
    bank, card = accounts["CHECKING_ACCOUNT"]["id"], accounts["CREDIT_CARD"]["id"]
    ids = sample_records.write(Database(program.state), item["id"], bank)
    bill = client.get("/bills", accountId=card).json()["results"][0]
    transaction = client.transactions(bank)[0]
    client.patch(f"/transactions/{transaction['id']}", categoryId="08010000")
    for path in (
        f"/accounts/{bank}", f"/accounts/{bank}/balance", f"/accounts/{bank}/statements",
        f"/bills/{bill['id']}", f"/transactions/{transaction['id']}", "/transactions",
        f"/investments/{ids['cdb']}", f"/loans/{ids['loan']}",
        f"/investments/{ids['cdb']}/transactions", f"/identity/{ids['who']}", f"/consents/{ids['consent']}",
    ):  # fmt: skip
        client.get(path)
    for noun in ("investments", "loans", "identity", "consents"):
        client.get(f"/{noun}", itemId=item["id"])


def walk_application(client: Client) -> None:
    for path in ("/categories", "/categories/11000000", "/categories/rules", "/merchants", "/webhooks"):
        client.get(path)
    rule = client.post("/categories/rules", description="a", categoryId="08010000").json()
    client.delete(f"/categories/rules/{rule['id']}")
    hook = client.post("/webhooks", url="http://localhost:9/walk", event="item/deleted").json()
    client.get(f"/webhooks/{hook['id']}")
    client.patch(f"/webhooks/{hook['id']}", enabled=True)
    client.delete(f"/webhooks/{hook['id']}")


def test_the_check_can_fail() -> None:
    good = {"id": "10000000", "description": "Groceries", "descriptionTranslated": None, "parentId": None}
    url = "http://localhost/categories/10000000"

    def departs(status: int, body: Json) -> bool:
        try:
            conformance.check("GET", url, status, json.dumps(body))
        except conformance.ConformanceError:
            return True
        return False

    assert not departs(200, good)
    assert departs(200, good | {"surprise": 1})
    assert departs(200, good | {"id": 10000000})
    assert departs(200, {"id": "10000000"})
    assert departs(200, good | {"id": None})
    assert departs(418, {"code": 418, "message": "I am a teapot"})
    assert departs(404, {"message": "no code"})


def test_every_additional_field_is_in_the_sdk_or_has_a_reason() -> None:
    newer = json.loads((conformance.HERE / "newer.json").read_text(encoding="utf-8"))
    for name, fields in newer["fields"].items():
        model = getattr(pluggy_sdk, name, None)
        is_documented = (
            {field.alias or field_name for field_name, field in model.model_fields.items()}
            if model
            else set()
        )
        for field in fields:
            assert field in is_documented or f"{name}.{field}" in conformance.DISAGREEMENTS, f"{name}.{field}"
    for path, methods in newer["paths"].items():
        assert f"{next(iter(methods)).upper()} {path} 200" in conformance.DISAGREEMENTS
