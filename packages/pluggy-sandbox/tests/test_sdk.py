"""The published Python SDK, whose models are strict, reads every endpoint."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pluggy_sdk as sdk
import pytest

from pluggy_sandbox.store.database import Database
from sandbox_testing import sample_records
from sandbox_testing.program import GOOD, KEYS, Client, Program

Json = dict[str, Any]
USERS = (
    "user-ok", "user-logged", "user-locked", "user-error", "user-unavailable", "user-account-need-actions",
    "user-account-need-actions-provider-message", "user-connection-error", "user-account-credentials-reset",
    "user-not-supported", "user-ok-account-error", "user-ok-account-warning", "user-ok-auth-pending",
    "nobody",
)  # fmt: skip


class Api:
    """Calls every API class of the SDK with one key, and records the calls."""

    def __init__(self, url: str) -> None:
        configuration = sdk.Configuration(host=url)
        key = sdk.AuthApi(sdk.ApiClient(configuration)).auth_create(sdk.AuthRequest(**KEYS)).api_key
        configuration.api_key["default"] = key
        self.client = sdk.ApiClient(configuration)
        self.called = {"auth_create"}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The method of that name, of whichever class has it."""
        owner = next(kind for kind in CLASSES if hasattr(kind, name))
        self.called.add(name)
        method: Callable[..., Any] = getattr(owner(self.client), name)
        return method


CLASSES = (
    sdk.AuthApi, sdk.ConnectorApi, sdk.ItemsApi, sdk.ConsentApi, sdk.AccountApi, sdk.TransactionApi,
    sdk.BillApi, sdk.InvestmentApi, sdk.LoanApi, sdk.IdentityApi, sdk.CategoryApi, sdk.MerchantApi,
    sdk.WebhookApi,
)  # fmt: skip


@pytest.fixture(scope="module")
def api(program: Program) -> Api:
    return Api(program.url)


@pytest.fixture(scope="module")
def item(program: Program, pluggy: Client) -> Json:
    """Return an Open Finance item with records of every kind; `ids`, `bank` and `card` name them."""
    waiting = pluggy.connect(9002, clientUserId="sdk")
    pluggy.post(f"/items/{waiting['id']}/mfa", token="123456")
    item = pluggy.settled(waiting["id"])
    accounts = pluggy.accounts(item["id"])
    bank, card = accounts["CHECKING_ACCOUNT"]["id"], accounts["CREDIT_CARD"]["id"]
    return item | {
        "ids": sample_records.write(Database(program.state), item["id"], bank),
        "bank": bank,
        "card": card,
    }


@pytest.mark.parametrize("user", USERS)
def test_items_in_every_state(pluggy: Client, api: Api, user: str) -> None:
    made = pluggy.connect(2, parameters={"user": user, "password": "password-ok"})
    read = api.items_retrieve(made["id"])
    assert (read.status, read.execution_status) == (made["status"], made["executionStatus"])
    assert (read.error.code if read.error else None) == (made["error"] or {}).get("code")


def test_every_connector(pluggy: Client, api: Api) -> None:
    connectors = api.connectors_list(sandbox=True).results
    assert [entry.id for entry in connectors] == [api.connector_retrieve(entry.id).id for entry in connectors]
    assert api.connector_retrieve(2, health_details=True).health.details
    assert api.connectors_validate(2, GOOD).errors == []


def test_all_calls_for_an_item(pluggy: Client, api: Api) -> None:
    body = {
        "connectorId": 5,
        "parameters": GOOD,
        "clientUserId": "sdk",
        "products": ["ACCOUNTS", "TRANSACTIONS"],
    }
    made = api.items_create(sdk.CreateItem.from_dict(body))
    item_id = str(made.id)
    waiting = pluggy.settled(item_id)
    assert api.items_retrieve(item_id).parameter.name == waiting["parameter"]["name"] == "token"
    assert api.items_send_mfa(item_id, {"token": "123456"}).status == "UPDATING"
    pluggy.settled(item_id)
    assert api.items_update(item_id, sdk.UpdateItem.from_dict({"parameters": GOOD})).status == "UPDATING"
    pluggy.settled(item_id)
    assert api.items_disable_autosync(item_id).next_auto_sync_at is None
    assert api.connect_token_create(sdk.ConnectTokenRequest.from_dict({"itemId": item_id})).access_token
    assert api.items_delete(item_id).count == 1
    with pytest.raises(sdk.ApiException) as refused:
        api.items_retrieve(item_id)
    assert refused.value.status == 404
    with pytest.raises(sdk.ApiException) as refused:
        api.items_list_by_cursor()
    assert refused.value.status == 403


@pytest.mark.filterwarnings("ignore:GET /transactions is deprecated")
def test_accounts_transactions_and_bills(pluggy: Client, api: Api, item: Json) -> None:
    assert len(api.accounts_list(item["id"]).results) == len(pluggy.accounts(item["id"]))
    assert api.accounts_retrieve(item["bank"]).bank_data
    assert api.account_balance_get(item["bank"]).balance == api.accounts_retrieve(item["bank"]).balance
    assert api.account_statements_list(item["bank"]).results[0].url.startswith("http")
    page = api.transactions_list_by_cursor(item["card"], date_to=dt.date(2026, 6, 30))
    assert page.results and all(transaction.amount for transaction in page.results)
    transaction = api.transactions_retrieve(page.results[0].id)
    assert (
        api.transactions_update(transaction.id, sdk.UpdateTransaction(category_id="08010000")).category_id
        == "08010000"
    )
    with pytest.raises(sdk.ApiException) as gone:
        api.transactions_list(item["bank"])
    assert gone.value.status == 410
    bills = api.bills_list(item["card"]).results
    assert api.bills_retrieve(bills[0].id).total_amount == bills[0].total_amount


def test_every_transaction(pluggy: Client, item: Json) -> None:
    """Read all transactions of connectors with different settings."""
    others = [pluggy.connect(9001, clientUserId="sdk-rows"), pluggy.connect(2)]
    for entry in [item, *others]:
        for account in pluggy.accounts(entry["id"]).values():
            assert sdk.Account.from_dict(account)
            assert all(
                sdk.Transaction.from_dict(transaction) for transaction in pluggy.transactions(account["id"])
            )


def test_records(api: Api, item: Json) -> None:
    ids = item["ids"]
    assert len(api.investments_list(item["id"]).results) >= 2
    assert api.investments_retrieve(ids["cdb"]).subtype == "CDB"
    assert len(api.investment_transactions_list(ids["cdb"]).results) == 3
    assert api.loans_list(item["id"]).results[0].payments.contract_outstanding_balance
    assert str(api.loans_retrieve(ids["loan"]).id) == ids["loan"]
    assert api.identity_find_by_item(item["id"]).full_name == api.identity_retrieve(ids["who"]).full_name
    assert api.consents_list(item["id"]).results[0].expires_at is None
    assert str(api.consent_retrieve(ids["consent"]).item_id) == item["id"]
    assert {entry.status for entry in api.items_resources(item["id"]).results} >= {"AVAILABLE"}


def test_the_application(api: Api, item: Json) -> None:
    assert len(api.categories_list().results) == 130
    assert api.categories_retrieve("11000000").description_translated
    body = {"description": "sdk", "categoryId": "08010000", "matchType": "contains"}
    rule = api.client_category_rules_create(sdk.CreateClientCategoryRule.from_dict(body))
    assert rule.id in {entry.id for entry in api.client_category_rules_list().results}
    api.client_category_rules_delete(rule.id)
    assert api.merchants_get_by_cnpj("11444777000161").not_found_merchants == ["11444777000161"]
    hook = api.webhooks_create(sdk.CreateWebhook(event="item/deleted", url="http://localhost:9/sdk"))
    assert api.webhooks_retrieve(hook.id).url in {entry.url for entry in api.webhooks_list().results}
    assert api.webhooks_update(hook.id, sdk.UpdateWebhook(enabled=False)).disabled_at
    assert api.webhooks_delete(hook.id).count == 1


@pytest.mark.filterwarnings("ignore:GET /transactions is deprecated")
def test_every_method_of_the_sdk_is_tested(pluggy: Client, api: Api, item: Json) -> None:
    test_every_connector(pluggy, api)
    test_all_calls_for_an_item(pluggy, api)
    test_accounts_transactions_and_bills(pluggy, api, item)
    test_records(api, item)
    test_the_application(api, item)
    methods = {name for kind in CLASSES for name in vars(kind) if is_call(name)}
    assert methods - api.called == set()


def is_call(name: str) -> bool:
    """Return whether a method is a call: not private, and no variant of another call."""
    return not name.startswith("_") and not name.endswith(("_with_http_info", "_without_preload_content"))
