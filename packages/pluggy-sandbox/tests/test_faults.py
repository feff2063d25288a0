"""API faults: each kind, and random faults that can be repeated."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox_testing.program import Client, Receiver, wait_until

Json = dict[str, Any]
Switch = Any


@pytest.fixture
def faults(pluggy: Client) -> Iterator[Switch]:
    """Return a function that switches faults on; they are switched off after the test."""
    yield lambda **fault: pluggy.post("/_control/faults", **fault)
    pluggy.delete("/_control/faults")
    pluggy.delete("/_control/chaos")


@pytest.fixture
def long_account(pluggy: Client) -> tuple[str, str]:
    """Load an item with 1,200 transactions, which are three pages."""
    transactions = [
        {"date": f"2026-0{1 + n // 250}-01", "amount": -n - 1, "description": "X"} for n in range(1200)
    ]
    account = {"subtype": "CHECKING_ACCOUNT", "transactions": transactions}
    world = {"connectorId": 9001, "clientUserId": f"long-{time.time()}", "accounts": [account]}
    item = pluggy.post("/_control/world", items=[world]).json()["items"][0]
    return item["id"], item["accounts"][0]["id"]


def test_faults_affect_the_configured_requests(pluggy: Client, faults: Any) -> None:
    faults(kind="status", status=503, path="^/categories", times=1, skip=1)
    codes = [pluggy.get("/categories/10000000").status_code for _ in range(3)]
    assert codes == [200, 503, 200]
    faults(kind="limited", seconds=7, path="^/webhooks", method="GET")
    limited = pluggy.get("/webhooks")
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    assert limited.headers["RateLimit-Remaining"] == "0"
    faults(kind="truncate", path="^/categories")
    with pytest.raises(requests.JSONDecodeError):
        pluggy.get("/categories").json()
    faults(kind="html", path="^/categories")
    assert "text/html" in pluggy.get("/categories").headers["Content-Type"]
    faults(kind="empty", path="^/categories")
    assert pluggy.get("/categories").content == b""
    faults(kind="reset", path="^/categories")
    with pytest.raises(requests.ConnectionError):
        requests.get(pluggy.url + "/categories", timeout=5)
    faults(kind="latency", seconds=0.3, path="^/categories")
    assert pluggy.get("/categories/10000000").elapsed.total_seconds() >= 0.3
    assert faults(kind="nonsense").status_code == 400
    assert pluggy.get("/categories").json()["total"] == 130


def test_the_key_expires_between_pages(pluggy: Client, faults: Switch, long_account: tuple[str, str]) -> None:
    faults(kind="expired-key", path="^/v2/transactions", skip=1)
    first = pluggy.get("/v2/transactions", accountId=long_account[1])
    second = pluggy.http.get(pluggy.url + "/v2/transactions" + first.json()["next"], timeout=5)
    assert (second.status_code, second.json()) == (
        403,
        {"code": 403, "message": "Missing or invalid authorization token"},
    )
    assert pluggy.http.get(pluggy.url + "/v2/transactions" + first.json()["next"], timeout=5).ok


@pytest.mark.parametrize(("kind", "change"), [("row-appears", 1), ("row-vanishes", -1)])
def test_transactions_change_between_two_pages(
    pluggy: Client, faults: Switch, hooked: Receiver, long_account: tuple[str, str], kind: str, change: int
) -> None:
    item, account = long_account
    faults(kind=kind)
    seen = {transaction["id"] for transaction in pluggy.transactions(account)}
    truth = {transaction["id"] for transaction in pluggy.truth(item)["transactions"][account]}
    assert len(truth) == 1200 + change
    assert len(seen) == (1200 if change > 0 else 1199)  # what appears at the top is not on a later page
    if change > 0:
        events = wait_until(
            lambda: [e for e in hooked.events("transactions/created", item) if e["transactionsCount"] == 1]
        )
        assert events[0]["accountId"] == account
    else:
        gone = wait_until(lambda: hooked.events("transactions/deleted", item))[0]["transactionIds"]
        assert not set(gone) & truth and not set(gone) & seen


def test_the_loop_fault_repeats_the_page(
    pluggy: Client, faults: Switch, long_account: tuple[str, str]
) -> None:
    faults(kind="loop", times=None)
    path, query = pluggy.url + "/v2/transactions", ""
    first = pluggy.get("/v2/transactions", accountId=long_account[1]).json()
    for _ in range(3):
        query = first["next"]
        assert pluggy.http.get(path + query, timeout=5).json() == first


def test_the_missing_account_fault_applies_once(pluggy: Client, faults: Switch, aurora: Json) -> None:
    faults(kind="missing-account")
    pages = [pluggy.get("/accounts", itemId=aurora["id"]).json() for _ in range(2)]
    assert pages[0]["results"] == pages[1]["results"][:-1] and pages[0]["total"] == pages[1]["total"] - 1


def test_without_consent_every_list_is_empty(pluggy: Client, faults: Switch, aurora: Json) -> None:
    account = pluggy.accounts(aurora["id"])["CREDIT_CARD"]["id"]
    faults(kind="no-consent", times=3)
    assert pluggy.get("/v2/transactions", accountId=account).json() == {"results": [], "next": None}
    for path, query in (("/accounts", {"itemId": aurora["id"]}), ("/bills", {"accountId": account})):
        page = pluggy.get(path, **query)
        assert (page.status_code, page.json()["results"], page.json()["total"]) == (200, [], 0)


def test_the_wrong_application_fault_answers_404(pluggy: Client, faults: Switch, aurora: Json) -> None:
    faults(kind="wrong-application", times=None)
    assert pluggy.get(f"/items/{aurora['id']}").json()["codeDescription"] == "ITEM_NOT_FOUND"
    assert pluggy.get("/accounts", itemId=aurora["id"]).status_code == 404
    assert Client(pluggy.url).get("/categories").status_code == 404  # the keys are good all the same


@pytest.mark.parametrize("kind", ["drip", "slow-headers"])
def test_slow_responses_arrive_in_pieces(pluggy: Client, faults: Switch, kind: str) -> None:
    faults(kind=kind, seconds=0.4, path="^/categories")
    started = time.monotonic()
    answer = pluggy.get("/categories")
    assert answer.json()["total"] == 130 and time.monotonic() - started >= 0.4
    assert pluggy.get("/categories").json()["total"] == 130  # and the connection is fit for more


def test_one_fault_can_be_switched_off(pluggy: Client, faults: Switch) -> None:
    first, second = (faults(kind="status", path=path).json()["id"] for path in ("^/a", "^/b"))
    assert pluggy.delete(f"/_control/faults/{first}").json() == {"count": 1}
    assert [fault["id"] for fault in pluggy.get("/_control/faults").json()["results"]] == [second]
    assert pluggy.delete(f"/_control/faults/{first}").status_code == 404
    assert faults(kind="status", path="(").status_code == 400


def test_the_same_seed_affects_the_same_requests(pluggy: Client, faults: Switch) -> None:
    def run(seed: int) -> list[int]:
        settings = {"seed": seed, "rate": 0.4, "kinds": ["status", "expired-key"], "paths": "^/categories/"}
        assert pluggy.post("/_control/chaos", **settings).status_code == 201
        url = pluggy.url + "/categories/10000000"
        codes = [pluggy.http.get(url, timeout=5).status_code for _ in range(30)]
        assert pluggy.get("/categories").ok  # not among the paths
        summary = pluggy.delete("/_control/chaos").json()["requests"]
        assert summary["decided"] == 30
        assert [first["n"] for first in summary["struck"]] == [
            n + 1 for n, code in enumerate(codes) if code != 200
        ]
        return codes

    assert run(7) == run(7) != run(8)
    assert pluggy.get("/_control/chaos").json()["on"] is False
    assert pluggy.post("/_control/chaos", rate=2).status_code == 400
    assert pluggy.post("/_control/chaos", kinds=["nonsense"]).status_code == 400
