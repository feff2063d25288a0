"""Generated investments, loans, identities, consents, resources and statements."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from pluggy_sandbox.store import records
from sandbox_testing.collected_item import CollectedItem, cents, local_day

sdk = pytest.importorskip("pluggy_sdk", reason="pluggy-sdk is not installed: strict models not checked")
Json = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records")


@pytest.fixture(scope="module")
def pampa(folder: Path) -> CollectedItem:
    return CollectedItem(folder, 9004)


def trades(collected: CollectedItem, investment: Json) -> list[Json]:
    return collected.children(investment["id"], records.INVESTMENT_TRANSACTION)


@pytest.mark.parametrize("bank", [2, 600, 9001, 9002, 9003, 9004])
def test_the_sdk_models_accept_all_records(folder: Path, bank: int) -> None:
    collected = CollectedItem(folder, bank, months=1)
    models = {
        records.INVESTMENT: "Investment",
        records.INVESTMENT_TRANSACTION: "InvestmentTransaction",
        records.LOAN: "Loan",
        records.IDENTITY: "IdentityResponse",
        records.CONSENT: "Consent",
        records.RESOURCE: "ItemResource",
    }
    for kind, model in models.items():
        for record in collected.records(kind):
            assert getattr(sdk, model).from_dict(record) is not None
    for account in collected.accounts():
        assert sdk.Account.from_dict(account) is not None
    for kind in ("checking", "card"):
        for transaction in collected.transactions(kind):
            assert sdk.Transaction.from_dict(transaction) is not None
    for bill in collected.bills():
        assert sdk.Bill.from_dict(bill) is not None


def test_a_broker_has_investments_and_no_accounts(pampa: CollectedItem) -> None:
    assert pampa.accounts() == []
    held = pampa.records(records.INVESTMENT)
    assert {collected["type"] for collected in held} == {"EQUITY", "ETF", "FIXED_INCOME", "MUTUAL_FUND"}
    assert {collected["subtype"] for collected in held} >= {
        "STOCK",
        "REAL_ESTATE_FUND",
        "TREASURY",
        "FIXED_INCOME_FUND",
    }
    kinds = {trade["type"] for collected in held for trade in trades(pampa, collected)}
    assert kinds == {"BUY", "SELL", "INTEREST", "AMORTIZATION", "TAX"}
    assert pampa.records(records.IDENTITY)[0]["investorProfile"]


def test_the_amounts_of_a_position_agree(pampa: CollectedItem, folder: Path) -> None:
    for item in (pampa, CollectedItem(folder, 9002, months=1), CollectedItem(folder, 2, months=1)):
        for collected in item.records(records.INVESTMENT):
            taxes = (collected["taxes"] or 0) + (collected["taxes2"] or 0)
            assert collected["balance"] == pytest.approx(collected["amount"] - taxes, abs=0.001)
            assert collected["amount"] == pytest.approx(collected["quantity"] * collected["value"], abs=0.01)
            assert collected["amountProfit"] == pytest.approx(
                collected["amount"] - collected["amountOriginal"], abs=0.001
            )
            sign = {"BUY": 1, "SELL": -1, "TAX": -1}
            moved = sum(
                (sign.get(two["type"], 0) * (two["quantity"] or 0)) for two in trades(item, collected)
            )
            assert moved == pytest.approx(collected["quantity"], abs=0.001)


def test_a_withdrawn_position_has_no_value(pampa: CollectedItem) -> None:
    (gone,) = [
        collected for collected in pampa.records(records.INVESTMENT) if collected["status"] != "ACTIVE"
    ]
    assert (gone["status"], gone["balance"], gone["subtype"]) == ("TOTAL_WITHDRAWAL", 0, "LCI")


def test_cdb_purchases_match_the_checking_account(folder: Path) -> None:
    ipe = CollectedItem(folder, 9002)
    (cdb,) = ipe.records(records.INVESTMENT)
    bought = {trade["date"][:10]: trade["amount"] for trade in trades(ipe, cdb) if trade["type"] == "BUY"}
    paid = ipe.with_description("APLICACAO CDB")
    assert len(paid) >= 12 and all(
        bought[local_day(transaction)] == -transaction["amount"] for transaction in paid
    )


def test_a_position_keeps_its_id_and_grows(folder: Path) -> None:
    collected = CollectedItem(folder, 9004, today=dt.date(2026, 5, 20))
    before = collected.records(records.INVESTMENT)
    trades_before = [trade["id"] for held in before for trade in trades(collected, held)]
    collected.run(dt.date(2026, 8, 20))
    after = collected.records(records.INVESTMENT)
    assert [held["id"] for held in after] == [held["id"] for held in before]
    assert [held["createdAt"] for held in after] == [held["createdAt"] for held in before]
    assert after[0]["updatedAt"] > before[0]["updatedAt"]
    assert set(trades_before) < {trade["id"] for held in after for trade in trades(collected, held)}


def test_a_loan_is_paid_off_month_by_month(folder: Path) -> None:
    collected = CollectedItem(folder, 9003, today=dt.date(2026, 5, 20))
    (loan,) = collected.records(records.LOAN)
    paid = loan["installments"]["paidInstallments"]
    assert len(loan["payments"]["releases"]) == paid > 6
    debits = collected.with_description("PARCELA EMPRESTIMO")
    assert f"{paid:02d}/{loan['installments']['totalNumberOfInstallments']}" in debits[0]["description"]
    assert {-cents(transaction) for transaction in debits} == {
        round(loan["payments"]["releases"][0]["paidAmount"] * 100)
    }
    collected.run(dt.date(2026, 6, 20))
    (later,) = collected.records(records.LOAN)
    assert later["id"] == loan["id"] and later["installments"]["paidInstallments"] == paid + 1
    owed = [identities["payments"]["contractOutstandingBalance"] for identities in (loan, later)]
    assert 0 < owed[1] < owed[0] < loan["contractAmount"]
    collected.run(dt.date(2030, 1, 20))
    (done,) = collected.records(records.LOAN)
    assert done["payments"]["contractOutstandingBalance"] == 0 and done["settlementDate"]


def test_a_person_has_the_same_identity_at_every_bank(folder: Path) -> None:
    identities = [
        CollectedItem(folder, bank, months=1).records(records.IDENTITY)[0] for bank in (9001, 9002, 9004)
    ]
    for name in ("fullName", "document", "birthDate"):
        assert len({collected[name] for collected in identities}) == 1
    assert len({collected["id"] for collected in identities}) == 3


def test_only_open_finance_has_a_consent_resources_and_statements(folder: Path) -> None:
    direct, ipe = CollectedItem(folder, 9001, months=1), CollectedItem(folder, 9002, months=1)
    assert not direct.records(records.CONSENT) and not direct.records(records.RESOURCE)
    (consent,) = ipe.records(records.CONSENT)
    assert consent["expiresAt"] is None and "ACCOUNTS_ALL" in consent["openFinancePermissionsGranted"]
    reached = {collected["type"] for collected in ipe.records(records.RESOURCE)}
    assert reached == {"ACCOUNT", "CREDIT_CARD_ACCOUNT", "BANK_FIXED_INCOME"}
    assert {collected["resourceId"] for collected in ipe.records(records.RESOURCE)} >= {
        ipe.id(),
        ipe.id("card"),
    }
    months = [collected["monthYear"] for collected in ipe.children(ipe.id(), records.STATEMENT)]
    assert months == ["10-2026", "09-2026", "08-2026"]


def test_a_product_left_out_keeps_its_records(folder: Path) -> None:
    collected = CollectedItem(folder, 600, today=dt.date(2026, 5, 20), months=1)
    before = {kind: collected.records(kind) for kind in (records.INVESTMENT, records.LOAN, records.IDENTITY)}
    without = frozenset({"INVESTMENTS", "LOANS", "IDENTITY"})
    collected.run(dt.date(2026, 9, 20), without)
    assert {kind: collected.records(kind) for kind in before} == before
    fresh = CollectedItem(folder, 600, months=1, without=without)
    assert not any(fresh.records(kind) for kind in before)


def test_products_not_requested_are_not_collected(folder: Path) -> None:
    collected = CollectedItem(folder, 2, months=1)
    collected.item.products = ["ACCOUNTS", "TRANSACTIONS"]
    collected.item.id = "5b3f7f0e-0000-4000-8000-000000000001"
    collected.item.collected_at = ""
    assert set(collected.run(dt.date(2026, 11, 21))) == {"checking", "savings"}
    assert not collected.records(records.IDENTITY) and not collected.records(records.INVESTMENT)
