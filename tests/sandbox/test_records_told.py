"""Investments, loans, identity, consents, resources and statements as the world writes them."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from dev.sandbox.store import records
from tests.sandbox.collected import Collected, cents, local_day

sdk = pytest.importorskip("pluggy_sdk", reason="pluggy-sdk is not installed: strict models not checked")
Json = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records")


@pytest.fixture(scope="module")
def pampa(folder: Path) -> Collected:
    return Collected(folder, 9004)


def trades(one: Collected, investment: Json) -> list[Json]:
    return one.below(investment["id"], records.INVESTMENT_TRANSACTION)


@pytest.mark.parametrize("bank", [2, 600, 9001, 9002, 9003, 9004])
def test_the_published_models_read_them(folder: Path, bank: int) -> None:
    one = Collected(folder, bank, months=1)
    models = {
        records.INVESTMENT: "Investment",
        records.INVESTMENT_TRANSACTION: "InvestmentTransaction",
        records.LOAN: "Loan",
        records.IDENTITY: "IdentityResponse",
        records.CONSENT: "Consent",
        records.RESOURCE: "ItemResource",
    }
    for kind, model in models.items():
        for record in one.records(kind):
            assert getattr(sdk, model).from_dict(record) is not None
    for account in one.accounts():
        assert sdk.Account.from_dict(account) is not None
    for kind in ("checking", "card"):
        for row in one.rows(kind):
            assert sdk.Transaction.from_dict(row) is not None
    for bill in one.bills():
        assert sdk.Bill.from_dict(bill) is not None


def test_a_broker_has_investments_and_no_accounts(pampa: Collected) -> None:
    assert pampa.accounts() == []
    held = pampa.records(records.INVESTMENT)
    assert {one["type"] for one in held} == {"EQUITY", "ETF", "FIXED_INCOME", "MUTUAL_FUND"}
    assert {one["subtype"] for one in held} >= {"STOCK", "REAL_ESTATE_FUND", "TREASURY", "FIXED_INCOME_FUND"}
    kinds = {trade["type"] for one in held for trade in trades(pampa, one)}
    assert kinds == {"BUY", "SELL", "INTEREST", "AMORTIZATION", "TAX"}
    assert pampa.records(records.IDENTITY)[0]["investorProfile"]


def test_the_figures_of_a_position_agree(pampa: Collected, folder: Path) -> None:
    for item in (pampa, Collected(folder, 9002, months=1), Collected(folder, 2, months=1)):
        for one in item.records(records.INVESTMENT):
            taxes = (one["taxes"] or 0) + (one["taxes2"] or 0)
            assert one["balance"] == pytest.approx(one["amount"] - taxes, abs=0.001)
            assert one["amount"] == pytest.approx(one["quantity"] * one["value"], abs=0.01)
            assert one["amountProfit"] == pytest.approx(one["amount"] - one["amountOriginal"], abs=0.001)
            sign = {"BUY": 1, "SELL": -1, "TAX": -1}
            moved = sum((sign.get(two["type"], 0) * (two["quantity"] or 0)) for two in trades(item, one))
            assert moved == pytest.approx(one["quantity"], abs=0.001)


def test_what_was_withdrawn_is_worth_nothing(pampa: Collected) -> None:
    (gone,) = [one for one in pampa.records(records.INVESTMENT) if one["status"] != "ACTIVE"]
    assert (gone["status"], gone["balance"], gone["subtype"]) == ("TOTAL_WITHDRAWAL", 0, "LCI")


def test_a_cdb_is_bought_with_the_money_that_left_checking(folder: Path) -> None:
    ipe = Collected(folder, 9002)
    (cdb,) = ipe.records(records.INVESTMENT)
    bought = {trade["date"][:10]: trade["amount"] for trade in trades(ipe, cdb) if trade["type"] == "BUY"}
    paid = ipe.said("APLICACAO CDB")
    assert len(paid) >= 12 and all(bought[local_day(row)] == -row["amount"] for row in paid)


def test_a_position_keeps_its_id_and_grows(folder: Path) -> None:
    one = Collected(folder, 9004, today=dt.date(2026, 5, 20))
    before = one.records(records.INVESTMENT)
    trades_before = [trade["id"] for held in before for trade in trades(one, held)]
    one.run(dt.date(2026, 8, 20))
    after = one.records(records.INVESTMENT)
    assert [held["id"] for held in after] == [held["id"] for held in before]
    assert [held["createdAt"] for held in after] == [held["createdAt"] for held in before]
    assert after[0]["updatedAt"] > before[0]["updatedAt"]
    assert set(trades_before) < {trade["id"] for held in after for trade in trades(one, held)}


def test_a_loan_is_paid_off_month_by_month(folder: Path) -> None:
    one = Collected(folder, 9003, today=dt.date(2026, 5, 20))
    (loan,) = one.records(records.LOAN)
    paid = loan["installments"]["paidInstallments"]
    assert len(loan["payments"]["releases"]) == paid > 6
    debits = one.said("PARCELA EMPRESTIMO")
    assert f"{paid:02d}/{loan['installments']['totalNumberOfInstallments']}" in debits[0]["description"]
    assert {-cents(row) for row in debits} == {round(loan["payments"]["releases"][0]["paidAmount"] * 100)}
    one.run(dt.date(2026, 6, 20))
    (later,) = one.records(records.LOAN)
    assert later["id"] == loan["id"] and later["installments"]["paidInstallments"] == paid + 1
    owed = [found["payments"]["contractOutstandingBalance"] for found in (loan, later)]
    assert 0 < owed[1] < owed[0] < loan["contractAmount"]
    one.run(dt.date(2030, 1, 20))
    (done,) = one.records(records.LOAN)
    assert done["payments"]["contractOutstandingBalance"] == 0 and done["settlementDate"]


def test_one_person_has_one_identity_at_every_bank(folder: Path) -> None:
    found = [Collected(folder, bank, months=1).records(records.IDENTITY)[0] for bank in (9001, 9002, 9004)]
    for name in ("fullName", "document", "birthDate"):
        assert len({one[name] for one in found}) == 1
    assert len({one["id"] for one in found}) == 3


def test_only_open_finance_has_a_consent_resources_and_statements(folder: Path) -> None:
    direct, ipe = Collected(folder, 9001, months=1), Collected(folder, 9002, months=1)
    assert not direct.records(records.CONSENT) and not direct.records(records.RESOURCE)
    (consent,) = ipe.records(records.CONSENT)
    assert consent["expiresAt"] is None and "ACCOUNTS_ALL" in consent["openFinancePermissionsGranted"]
    reached = {one["type"] for one in ipe.records(records.RESOURCE)}
    assert reached == {"ACCOUNT", "CREDIT_CARD_ACCOUNT", "BANK_FIXED_INCOME"}
    assert {one["resourceId"] for one in ipe.records(records.RESOURCE)} >= {ipe.id(), ipe.id("card")}
    months = [one["monthYear"] for one in ipe.below(ipe.id(), records.STATEMENT)]
    assert months == ["10-2026", "09-2026", "08-2026"]


def test_a_product_left_out_keeps_its_records(folder: Path) -> None:
    one = Collected(folder, 600, today=dt.date(2026, 5, 20), months=1)
    before = {kind: one.records(kind) for kind in (records.INVESTMENT, records.LOAN, records.IDENTITY)}
    without = frozenset({"INVESTMENTS", "LOANS", "IDENTITY"})
    one.run(dt.date(2026, 9, 20), without)
    assert {kind: one.records(kind) for kind in before} == before
    fresh = Collected(folder, 600, months=1, without=without)
    assert not any(fresh.records(kind) for kind in before)


def test_what_was_not_asked_for_is_not_collected(folder: Path) -> None:
    one = Collected(folder, 2, months=1)
    one.item.products = ["ACCOUNTS", "TRANSACTIONS"]
    one.item.id = "5b3f7f0e-0000-4000-8000-000000000001"
    one.item.collected_at = ""
    assert set(one.run(dt.date(2026, 11, 21))) == {"checking", "savings"}
    assert not one.records(records.IDENTITY) and not one.records(records.INVESTMENT)
