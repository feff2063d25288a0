"""Switches of what an application reads: categories, and the rates of Open Finance."""

import uuid
from collections.abc import Iterator

import pytest

from sandbox_testing.program import Client, Program


@pytest.fixture(scope="module")
def pluggy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Start an own program, because the tests move the clock."""
    program = Program(tmp_path_factory.mktemp("switches")).start()
    yield Client(program.url)
    assert program.stop() == 0


@pytest.fixture(autouse=True)
def switched_back(pluggy: Client) -> Iterator[None]:
    """Undo the switches after the test."""
    yield
    pluggy.post("/_control/categorization", on=True)
    pluggy.post("/_control/open-finance-rates", on=False)


def test_without_the_add_on_no_transaction_has_a_category(pluggy: Client) -> None:
    item = pluggy.connect(9001, clientUserId=str(uuid.uuid4()))["id"]
    account = pluggy.accounts(item)["CHECKING_ACCOUNT"]["id"]
    before = pluggy.transactions(account)
    assert any(entry["categoryId"] for entry in before)
    assert pluggy.post("/_control/categorization", on=False).json() == {"on": False}
    after = pluggy.transactions(account)
    assert {(entry["category"], entry["categoryId"]) for entry in after} == {(None, None)}
    assert pluggy.get(f"/transactions/{before[0]['id']}").json()["categoryId"] is None
    truth = pluggy.truth(item)["transactions"][account]
    assert {entry["categoryId"] for entry in truth} == {None}
    pluggy.post("/_control/categorization")
    assert pluggy.transactions(account) == before
    assert pluggy.get("/_control/categorization").json() == {"on": True}


@pytest.mark.parametrize("route", ["categorization", "open-finance-rates"])
def test_wrong_switches_are_errors(pluggy: Client, route: str) -> None:
    assert pluggy.post(f"/_control/{route}", on="no").status_code == 400
    assert pluggy.post(f"/_control/{route}", off=True).status_code == 400


def test_open_finance_reads_investments_daily_and_details_weekly(pluggy: Client) -> None:
    item = pluggy.connect(9001, clientUserId=str(uuid.uuid4()))["id"]
    assert len(set(pluggy.truth(item)["readAt"].values())) == 1
    pluggy.post("/_control/open-finance-rates", on=True)
    new = pluggy.post(f"/_control/items/{item}/reconnect").json()["id"]
    pluggy.settled(new)
    first = pluggy.truth(new)["readAt"]
    pluggy.post("/_control/clock", hours=2)
    pluggy.post(f"/_control/items/{new}/refresh")
    pluggy.settled(new)
    second = pluggy.truth(new)["readAt"]
    assert {name for name in second if second[name] != first[name]} == {"BALANCES", "RECENT_TRANSACTIONS"}
