"""The strict models of the published SDK read what the local Pluggy says."""

from typing import Any

import pytest

from tests.sandbox.conftest import Client

sdk = pytest.importorskip("pluggy_sdk", reason="pluggy-sdk is not installed: strict models not checked")
Json = dict[str, Any]


def read(model: str, body: Json) -> Any:
    found = getattr(sdk, model).from_dict(body)
    assert found is not None
    return found


def test_items(pluggy: Client, aurora: Json) -> None:
    assert read("Item", aurora).connector.name == "Banco Aurora"
    read("Item", pluggy.connect(5))
    read("Item", pluggy.connect(2, parameters={"user": "user-ok-account-warning", "password": "password-ok"}))
    read("Item", pluggy.connect(2, parameters={"user": "nobody", "password": "x"}))


def test_pages(pluggy: Client, aurora: Json) -> None:
    accounts = read("AccountsList200Response", pluggy.get("/accounts", itemId=aurora["id"]).json())
    assert len(accounts.results) == 3
    read("ConnectorListResponse", pluggy.get("/connectors", sandbox="true").json())
    assert len(read("PageResponseCategories", pluggy.get("/categories").json()).results) == 130
    made = pluggy.post("/webhooks", url="http://localhost:9/sdk", event="item/deleted").json()
    read("Webhook", made)
    read("WebhooksList200Response", pluggy.get("/webhooks").json())
    pluggy.delete(f"/webhooks/{made['id']}")


def test_transactions_and_bills(pluggy: Client, aurora: Json) -> None:
    for account in pluggy.accounts(aurora["id"]).values():
        page = pluggy.get("/v2/transactions", accountId=account["id"]).json()
        assert len(read("CursorPageResponseTransactions", page).results) == len(page["results"])
        read("BillsList200Response", pluggy.get("/bills", accountId=account["id"]).json())
