"""Every data endpoint except accounts and transactions."""

import sqlite3
import time
import uuid
from typing import Any

import jwt
import pytest
import requests

from pluggy_sandbox.store.database import Database
from sandbox_testing import sample_records
from sandbox_testing.program import GOOD, KEYS, Client, Program

Json = dict[str, Any]
UNKNOWN_ID = "0b8f2f3e-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def rich(program: Program, pluggy: Client) -> Json:
    """Return an item with records of every kind; `ids` has their ids."""
    return enrich(program, pluggy, pluggy.connect(9001, clientUserId="rica"))


def enrich(program: Program, pluggy: Client, item: Json) -> Json:
    account = pluggy.accounts(item["id"])["CHECKING_ACCOUNT"]
    ids = sample_records.write(Database(program.state), item["id"], account["id"])
    return item | {"ids": ids, "account": account}


def refusal(answer: requests.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("codeDescription")


def test_investments(pluggy: Client, rich: Json) -> None:
    page = pluggy.get("/investments", itemId=rich["id"]).json()
    assert [entry["name"] for entry in page["results"]] == ["CDB 2028", "PAMP3"]
    assert (page["page"], page["total"], page["totalPages"]) == (1, 2, 1)
    second = pluggy.get("/investments", itemId=rich["id"], page=2, pageSize=1).json()
    assert [entry["name"] for entry in second["results"]] == ["PAMP3"] and second["totalPages"] == 2
    only = pluggy.get("/investments", itemId=rich["id"], type="EQUITY").json()["results"]
    assert [entry["id"] for entry in only] == [rich["ids"]["stock"]]
    assert pluggy.get("/investments", itemId=rich["id"], type="GOLD").status_code == 400
    assert pluggy.get("/investments", itemId=rich["id"], pageSize=501).status_code == 400
    assert pluggy.get(f"/investments/{rich['ids']['cdb']}").json()["balance"] == 10421.55
    assert refusal(pluggy.get(f"/investments/{UNKNOWN_ID}")) == (404, "INVESTMENT_NOT_FOUND")


def test_investment_transactions(pluggy: Client, rich: Json) -> None:
    path = f"/investments/{rich['ids']['cdb']}/transactions"
    page = pluggy.get(path, pageSize=2).json()
    assert (len(page["results"]), page["total"], page["totalPages"]) == (2, 3, 2)
    assert pluggy.get(f"/investments/{rich['ids']['stock']}/transactions").json()["results"] == []


def test_loans_identity_and_consents(pluggy: Client, rich: Json) -> None:
    ids = rich["ids"]
    assert pluggy.get("/loans", itemId=rich["id"]).json()["results"] == [
        pluggy.get(f"/loans/{ids['loan']}").json()
    ]
    assert pluggy.get("/identity", itemId=rich["id"]).json() == pluggy.get(f"/identity/{ids['who']}").json()
    consents = pluggy.get("/consents", itemId=rich["id"]).json()["results"]
    assert consents == [pluggy.get(f"/consents/{ids['consent']}").json()]
    for noun in ("loan", "consent"):
        assert refusal(pluggy.get(f"/{noun}s/{UNKNOWN_ID}")) == (404, f"{noun.upper()}_NOT_FOUND")
    assert refusal(pluggy.get(f"/identity/{UNKNOWN_ID}")) == (404, "IDENTITY_NOT_FOUND")
    assert pluggy.get("/identity/7").json()["message"] == "id must be a UUID"


@pytest.mark.parametrize("path", ["accounts", "investments", "loans", "identity", "consents"])
def test_the_item_id_is_required(pluggy: Client, path: str) -> None:
    missing = pluggy.get(f"/{path}")
    assert "itemId should not be null or undefined" in missing.json()["message"]
    assert pluggy.get(f"/{path}", itemId="7").json()["message"] == "itemId must be a UUID"
    assert refusal(pluggy.get(f"/{path}", itemId=UNKNOWN_ID)) == (404, "ITEM_NOT_FOUND")


def test_resources(pluggy: Client, rich: Json) -> None:
    path = f"/items/{rich['id']}/resources"
    assert pluggy.get(path).json()["total"] == 2
    waiting = pluggy.get(path, status="PENDING_AUTHORISATION").json()["results"]
    assert waiting == [{"resourceId": "resource-1", "type": "ACCOUNT", "status": "PENDING_AUTHORISATION"}]


def test_the_balance_endpoint_needs_open_finance(pluggy: Client, rich: Json) -> None:
    item = pluggy.connect(9002)
    pluggy.post(f"/items/{item['id']}/mfa", token="123456")
    pluggy.settled(item["id"])
    accounts = pluggy.accounts(item["id"])
    read = pluggy.get(f"/accounts/{accounts['CHECKING_ACCOUNT']['id']}/balance").json()
    assert read["balance"] == accounts["CHECKING_ACCOUNT"]["balance"]
    assert read["closingBalance"] == accounts["CHECKING_ACCOUNT"]["bankData"]["closingBalance"]
    card = pluggy.get(f"/accounts/{accounts['CREDIT_CARD']['id']}/balance")
    assert refusal(card) == (404, "BALANCE_NOT_FOUND")
    direct = pluggy.get(f"/accounts/{rich['account']['id']}/balance")
    assert refusal(direct) == (400, "BALANCE_INVALID_REQUEST")
    assert refusal(pluggy.get(f"/accounts/{UNKNOWN_ID}/balance")) == (404, None)
    pluggy.post(f"/_control/items/{item['id']}/status", executionStatus="USER_AUTHORIZATION_REVOKED")
    ended = pluggy.get(f"/accounts/{accounts['CHECKING_ACCOUNT']['id']}/balance")
    assert refusal(ended) == (403, "BALANCE_CONSENT_ERROR")


def test_a_statement_is_a_pdf_behind_an_expiring_link(program: Program, pluggy: Client, rich: Json) -> None:
    page = pluggy.get(f"/accounts/{rich['account']['id']}/statements").json()
    (statement,) = page["results"]
    assert statement["monthYear"] == "02-2026"
    document = requests.get(statement["url"], timeout=5)  # no key: the link is the permission
    assert document.headers["Content-Type"] == "application/pdf"
    assert document.content.startswith(b"%PDF-1.4") and b"2026-02-" in document.content
    assert requests.get(statement["url"][:-9] + "AAAA.pdf", timeout=5).status_code == 403
    assert requests.get(expired(program, statement["url"]), timeout=5).status_code == 403
    assert pluggy.get("/accounts/7/statements").status_code == 400


def expired(program: Program, url: str) -> str:
    """Return the same link, signed half an hour earlier."""
    start, token = url.rsplit("/", 1)
    with sqlite3.connect(program.state / "sandbox.db") as database:
        key = database.execute("SELECT value FROM meta WHERE key = 'signing-key'").fetchone()[0]
    claims = jwt.decode(token.removesuffix(".pdf"), key, algorithms=["HS256"])
    assert 1790 < claims["exp"] - time.time() <= 1800
    return f"{start}/{jwt.encode(claims | {'exp': int(time.time()) - 1}, key, algorithm='HS256')}.pdf"


def test_no_data_of_a_deleted_item_or_ended_consent_is_readable(program: Program, pluggy: Client) -> None:
    item = enrich(program, pluggy, pluggy.connect(9001, clientUserId="vai"))
    account, ids = item["account"]["id"], item["ids"]
    transaction = pluggy.transactions(account)[0]
    lists = ["/accounts", "/investments", "/loans"]
    single = [f"/accounts/{account}", f"/transactions/{transaction['id']}", f"/loans/{ids['loan']}"]
    single += [f"/investments/{ids['cdb']}", f"/identity/{ids['who']}"]

    def nothing() -> None:
        assert [pluggy.get(path, itemId=item["id"]).json()["results"] for path in lists] == [[], [], []]
        assert [pluggy.get(path).status_code for path in single] == [404] * len(single)
        assert refusal(pluggy.get("/identity", itemId=item["id"])) == (404, "IDENTITY_NOT_FOUND")
        assert pluggy.transactions(account) == pluggy.get("/bills", accountId=account).json()["results"] == []
        assert pluggy.get(f"/investments/{ids['cdb']}/transactions").json()["results"] == []
        assert pluggy.get(f"/accounts/{account}/statements").json()["results"] == []

    pluggy.post(f"/_control/items/{item['id']}/status", executionStatus="USER_AUTHORIZATION_REVOKED")
    nothing()
    assert pluggy.get(f"/consents/{ids['consent']}").json()["revokedAt"]
    pluggy.delete(f"/items/{item['id']}")
    nothing()
    assert pluggy.get("/consents", itemId=item["id"]).json()["results"] == []


def test_category_rules_apply_to_later_transactions(pluggy: Client) -> None:
    rule = pluggy.post(
        "/categories/rules", description="ifd*", categoryId="08010000", matchType="startsWith",
        transactionType="DEBIT", accountType="CREDIT_CARD",
    ).json()  # fmt: skip
    assert (rule["category"], rule["clientId"]) == ("Online shopping", KEYS["clientId"])
    assert pluggy.get("/categories/rules").json()["results"] == [rule]
    ruled = categories(pluggy, "ruled")
    assert pluggy.delete(f"/categories/rules/{rule['id']}").status_code == 204
    assert ruled == {"08010000"} and categories(pluggy, "free") == {"11020000"}


def categories(pluggy: Client, client_user_id: str) -> set[str]:
    """Return the categories of a person's food deliveries."""
    item = pluggy.connect(9001, clientUserId=client_user_id)
    transactions = pluggy.transactions(pluggy.accounts(item["id"])["CREDIT_CARD"]["id"])
    return {
        transaction["categoryId"]
        for transaction in transactions
        if transaction["description"].startswith("IFD*") and transaction["type"] == "DEBIT"
    }


def test_invalid_category_rules_are_refused(pluggy: Client) -> None:
    def message(**body: Any) -> str:
        answer = pluggy.post("/categories/rules", **body)
        assert answer.status_code == 400
        return str(answer.json()["message"])

    assert message(categoryId="08010000") == "description must be a string"
    assert message(description="a") == "categoryId must be a string"
    assert "matchType must be one of" in message(description="a", categoryId="08010000", matchType="like")
    unknown = pluggy.post("/categories/rules", description="a", categoryId="1")
    assert refusal(unknown) == (404, "CATEGORY_NOT_FOUND")
    assert pluggy.delete("/categories/rules/1").json()["message"] == "id must be a UUID"
    assert refusal(pluggy.delete(f"/categories/rules/{UNKNOWN_ID}")) == (404, "CATEGORY_RULE_NOT_FOUND")


def test_merchants_are_found_by_cnpj(pluggy: Client, rich: Json) -> None:
    transactions = pluggy.transactions(pluggy.accounts(rich["id"])["CREDIT_CARD"]["id"])
    merchant = next(transaction["merchant"] for transaction in transactions if transaction["merchant"])
    answer = pluggy.get("/merchants", cnpjs=f"{merchant['cnpj']},11.444.777/0001-61,11444777000162,7").json()
    assert [entry["name"] for entry in answer["foundMerchants"]] == [merchant["name"]]
    assert answer["notFoundMerchants"] == ["11444777000161"]
    assert answer["invalidCnpjs"] == ["11444777000162", "7"]
    assert pluggy.get("/merchants").json()["foundMerchants"] == []


def test_merchants_are_found_by_a_cnpj_with_letters(pluggy: Client) -> None:
    """CNPJs that are issued since July 2026 may have letters; a lower case one is the same."""
    spent = {
        "date": "2026-11-02", "amount": -7.5, "description": "LOJA NOVA",
        "merchant": {"name": "Loja Nova", "businessName": "Loja Nova Ltda", "cnpj": "12.ABC.345/01DE-35"},
    }  # fmt: skip
    account = {"subtype": "CHECKING_ACCOUNT", "transactions": [spent]}
    world = {"items": [{"connectorId": 9001, "clientUserId": str(uuid.uuid4()), "accounts": [account]}]}
    assert pluggy.http.post(f"{pluggy.url}/_control/world", json=world, timeout=10).status_code == 201
    for cnpj in ("12.ABC.345/01DE-35", "12ABC34501DE35", "12.abc.345/01de-35"):
        (merchant,) = pluggy.get("/merchants", cnpjs=cnpj).json()["foundMerchants"]
        assert (merchant["name"], merchant["cnpj"]) == ("Loja Nova", "12ABC34501DE35")
    sent = "1A.BCD.EFG/0001-70,12ABC34501DE36,12ABC34501DEA5,12ABC34501DE3"
    answer = pluggy.get("/merchants", cnpjs=sent).json()
    assert answer["invalidCnpjs"] == ["12ABC34501DE36", "12ABC34501DEA5", "12ABC34501DE3"]
    assert answer["notFoundMerchants"] == ["1ABCDEFG000170"]


def test_login_parameters_can_be_validated(pluggy: Client) -> None:
    good = pluggy.post("/connectors/2/validate", **GOOD).json()
    assert good == {"parameters": GOOD, "errors": []}
    wrong = pluggy.post("/connectors/600/validate", cpf="12").json()
    assert [(entry["code"], entry["parameter"]) for entry in wrong["errors"]] == [("001", "cpf")]
    assert refusal(pluggy.post("/connectors/77/validate")) == (404, "CONNECTOR_NOT_FOUND")


def test_connector_filters(pluggy: Client) -> None:
    def ids(**query: str) -> set[int]:
        return {entry["id"] for entry in pluggy.get("/connectors", sandbox="true", **query).json()["results"]}

    every = ids()
    assert {2, 8, 600, 9001, 9002} <= every
    assert ids(isOpenFinance="true") | ids(isOpenFinance="false") == every
    assert {600, 9002} <= ids(isOpenFinance="true") and 9001 not in ids(isOpenFinance="true")
    assert ids(name="aurora") == {9001} and ids(countries="AR") == set()
    assert ids(types="BUSINESS_BANK") == {8}
    assert ids(supportsPaymentInitiation="true") == set() and ids(supportsAutomaticPix="false") == every
    detailed = pluggy.get("/connectors/9001", healthDetails="true").json()["health"]
    assert detailed["details"]["connectionsLast6Hours"] > 0
    assert "details" not in pluggy.get("/connectors/9001").json()["health"]


def test_a_connect_token_allows_only_the_widgets_endpoints(pluggy: Client, rich: Json) -> None:
    widget = pluggy.widget(options={"clientUserId": "rica"})
    ids, account = rich["ids"], rich["account"]["id"]
    for path in (
        f"/investments?itemId={rich['id']}", f"/loans?itemId={rich['id']}", f"/identity?itemId={rich['id']}",
        f"/consents?itemId={rich['id']}", f"/bills?accountId={account}", f"/accounts/{account}",
        f"/accounts/{account}/balance", f"/accounts/{account}/statements", f"/investments/{ids['cdb']}",
        f"/items/{rich['id']}/resources", f"/items/{rich['id']}", "/categories/rules", "/merchants?cnpjs=7",
    ):  # fmt: skip
        answer = widget.get(path)
        assert refusal(answer) == (403, None), path
    assert refusal(widget.patch(f"/items/{rich['id']}/disable-auto-sync")) == (403, None)
    assert refusal(widget.post("/connect_token")) == (403, None)


@pytest.mark.parametrize(
    "options",
    [
        {"clientUserId": 7},
        {"clientUserId": "x" * 256},
        {"avoidDuplicates": "yes"},
        {"products": ["GOLD"]},
        {"webhookUrl": "http://example.com/hook"},
        {"oauthRedirectUri": "http://example.com/back"},
        {"surprise": True},
    ],
)
def test_invalid_options_of_a_token_are_refused(pluggy: Client, options: Json) -> None:
    assert pluggy.post("/connect_token", options=options).status_code == 400


def test_items_cannot_be_listed_by_default(pluggy: Client) -> None:
    assert refusal(pluggy.get("/v2/items")) == (403, "ITEMS_LIST_NOT_ENABLED")
    assert refusal(pluggy.get("/items")) == (401, None)
