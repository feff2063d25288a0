"""The list of transactions: pages, filters and invalid parameters."""

import base64
from typing import Any

import pytest

from sandbox_testing.program import Client

Json = dict[str, Any]


@pytest.fixture(scope="module")
def card(pluggy: Client, aurora: Json) -> str:
    return str(pluggy.accounts(aurora["id"])["CREDIT_CARD"]["id"])


def test_the_pages_equal_the_truth_in_order(pluggy: Client, aurora: Json, card: str) -> None:
    pages = pluggy.pages(card)
    assert len(pages) >= 2 and len(pages[0]) == 500
    transactions = [transaction for page in pages for transaction in page]
    assert transactions == pluggy.truth(aurora["id"])["transactions"][card]
    assert [transaction["date"] for transaction in transactions] == sorted(
        (transaction["date"] for transaction in transactions), reverse=True
    )


def test_next_is_a_query_string_with_a_readable_cursor(pluggy: Client, card: str) -> None:
    answer = pluggy.get("/v2/transactions", accountId=card).json()
    assert answer["next"].startswith(f"?accountId={card}&after=")
    last = answer["results"][-1]
    query = answer["next"].split("after=")[1].replace("%3D", "=").replace("%2B", "+").replace("%2F", "/")
    assert base64.b64decode(query).decode() == f"{last['date']}|{last['id']}"


def test_filters(pluggy: Client, card: str) -> None:
    transactions = pluggy.transactions(card)
    days = pluggy.transactions(card, dateFrom="2026-01-10", dateTo="2026-01-20")
    assert days == [
        transaction
        for transaction in transactions
        if "2026-01-10" <= transaction["date"][:10] <= "2026-01-20"
    ]
    ids = [transaction["id"] for transaction in transactions[::200]]
    assert [transaction["id"] for transaction in pluggy.transactions(card, ids=",".join(ids))] == ids
    newest = max(transaction["createdAt"] for transaction in transactions)
    assert pluggy.transactions(card, createdAtFrom=newest) == [
        transaction for transaction in transactions if transaction["createdAt"] >= newest
    ]
    assert pluggy.transactions(card, createdAtFrom="2999-01-01T00:00:00.000Z") == []


@pytest.mark.parametrize("name", ["from", "to", "page", "pageSize", "limit", "itemId", "order"])
def test_unknown_parameters_are_refused(pluggy: Client, card: str, name: str) -> None:
    answer = pluggy.get("/v2/transactions", accountId=card, **{name: "1"})
    assert (answer.status_code, answer.json()["message"]) == (400, f"property {name} should not exist")


def test_invalid_parameters_are_refused(pluggy: Client, card: str) -> None:
    def message(**query: str) -> str:
        answer = pluggy.get("/v2/transactions", **query)
        assert answer.status_code == 400
        return str(answer.json()["message"])

    missing = "accountId should not be null or undefined, accountId must be a UUID"
    assert message() == message(ids=card) == missing
    assert message(accountId="1") == "accountId must be a UUID"
    for cursor in ("%%%", base64.b64encode(b"yesterday|me").decode(), "MjAyMA=="):
        assert message(accountId=card, after=cursor) == "Invalid cursor"
    assert "mutually exclusive" in message(accountId=card, dateFrom="2026-01-01", createdAtFrom="2026-01-01")
    many = pluggy.get("/v2/transactions", accountId=card, ids=",".join([card] * 501))
    assert many.json()["codeDescription"] == "IDS_PARAMETER_EXCEEDS_MAX_LENGTH"


def test_the_first_version_answers_410(pluggy: Client, card: str) -> None:
    answer = pluggy.get("/transactions", accountId=card)
    assert (answer.status_code, answer.json()["codeDescription"]) == (410, "ENDPOINT_DEPRECATED")


def test_a_transaction_can_be_read_and_recategorized(pluggy: Client) -> None:
    item = pluggy.connect(9001, clientUserId="dora")  # its own: other tests read categories of theirs
    transaction = pluggy.transactions(str(pluggy.accounts(item["id"])["CREDIT_CARD"]["id"]))[3]
    assert pluggy.get(f"/transactions/{transaction['id']}").json() == transaction
    changed = pluggy.patch(f"/transactions/{transaction['id']}", categoryId="08010000").json()
    assert (changed["category"], changed["categoryId"]) == ("Online shopping", "08010000")
    assert pluggy.get(f"/transactions/{transaction['id']}").json()["categoryId"] == "08010000"
    assert pluggy.patch(f"/transactions/{transaction['id']}", categoryId="7").status_code == 400
    gone = pluggy.get("/transactions/0b8f2f3e-0000-4000-8000-000000000000")
    assert (gone.status_code, gone.json()["message"]) == (404, "Transaction not found")
