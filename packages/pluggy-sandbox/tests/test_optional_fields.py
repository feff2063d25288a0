"""Fields that only some banks fill: each is sent by at least one institution."""

from pathlib import Path
from typing import Any

import pytest

from pluggy_sandbox.institutions import connectors, logins
from pluggy_sandbox.store import records
from sandbox_testing.collected_item import CollectedItem
from sandbox_testing.program import GOOD, Client

Json = dict[str, Any]


@pytest.fixture(scope="module")
def ipe(tmp_path_factory: pytest.TempPathFactory) -> CollectedItem:
    return CollectedItem(tmp_path_factory.mktemp("ipe"), 9002)


def test_an_open_finance_card_has_its_limit_by_use(ipe: CollectedItem) -> None:
    card = ipe.account("card")
    data = card["creditData"]
    total, cash = data["disaggregatedCreditLimits"]
    assert (total["limitAmount"], total["customizedLimitAmount"]) == (data["creditLimit"], 18000)
    assert total["usedAmount"] == abs(card["balance"])
    assert total["availableAmount"] == data["availableCreditLimit"]
    assert round(total["usedAmount"] + total["availableAmount"], 2) == 18000
    assert cash["lineName"] == "SAQUE_CREDITO_BRASIL" and data["isLimitFlexible"] is True
    assert data["additionalCards"] == [{"number": "4821"}]
    assert total["identificationNumber"] == card["number"]


def test_a_direct_card_has_none(tmp_path: Path) -> None:
    data = CollectedItem(tmp_path, 9001, months=1).account("card")["creditData"]
    assert (data["disaggregatedCreditLimits"], data["additionalCards"], data["status"]) == ([], [], "ACTIVE")


def test_a_card_may_be_blocked(tmp_path: Path) -> None:
    assert CollectedItem(tmp_path, 5, months=1).account("card")["creditData"]["status"] == "BLOCKED"


def test_a_pix_by_open_finance_has_an_authentication_code(ipe: CollectedItem) -> None:
    payments = [entry["paymentData"] for entry in ipe.transactions() if entry["paymentData"]]
    codes = [data["authenticationCode"] for data in payments if data["paymentMethod"] == "PIX"]
    assert codes and all(codes) and len(set(codes)) == len(codes)
    assert any(data["reason"] for data in payments)


def test_a_position_has_a_number_and_a_grace_period(ipe: CollectedItem) -> None:
    (cdb,) = ipe.records(records.INVESTMENT)
    assert cdb["number"] and cdb["gracePeriodDate"] > cdb["purchaseDate"] and cdb["annualRate"] > 0
    assert cdb["taxExempt"] is False and cdb["institution"]["name"] and cdb["issuerCNPJ"]


def test_a_bank_may_have_a_page_for_a_new_password() -> None:
    urls = {number: connectors.connector(number, "x")["resetPasswordUrl"] for number in connectors.ids()}
    assert urls[9001] == "https://banco-aurora.example/senha" and urls[9002] is None


def test_an_error_may_have_details() -> None:
    assert logins.failure("ACCOUNT_NEEDS_ACTION")["attributes"] == {"action": "ACCEPT_TERMS"}
    assert logins.failure("ACCOUNT_LOCKED")["attributes"] is None


@pytest.mark.parametrize(
    ("connector", "wanted", "collected"),
    [
        (9004, ["ACCOUNTS", "INVESTMENTS", "IDENTITY"], ["INVESTMENTS", "IDENTITY"]),
        (9001, ["TRANSACTIONS", "ACCOUNTS"], ["ACCOUNTS", "TRANSACTIONS"]),
        (9004, None, ["INVESTMENTS", "INVESTMENTS_TRANSACTIONS", "IDENTITY"]),
    ],
)
def test_only_wanted_products_that_the_bank_has_are_collected(
    connector: int, wanted: list[str] | None, collected: list[str], pluggy: Client
) -> None:
    widget = pluggy.widget(options={"products": wanted} if wanted else {})
    item = widget.post("/items", connectorId=connector, parameters=GOOD).json()
    assert item["products"] == collected
    pluggy.settled(item["id"])
