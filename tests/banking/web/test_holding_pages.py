"""What the bank says of a position and of a loan beyond their amounts, on their pages."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from banking.connections.models import Item
from banking.ingest import product_upsert
from banking.ledger.models import Investment, Loan
from banking.pluggy import lenient, product_payloads
from banking.web.labels.dates import format_day
from tests.factories import create_item
from tests.net_worth_helpers import page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def item(alice: User) -> Item:
    return create_item(alice)


def position(item: Item, **fields: Any) -> Investment:
    body = {
        "id": str(uuid.uuid4()),
        "type": "FIXED_INCOME",
        "name": "LCI",
        "balance": 100,
        "currencyCode": "BRL",
    }
    payload = lenient.decode(json.dumps(body | fields).encode(), product_payloads.Investment)
    product_upsert.store_investments(item, [payload], now=timezone.now())
    return Investment.objects.get(id=payload.id)


def loan(item: Item, **fields: Any) -> Loan:
    body = {"id": str(uuid.uuid4()), "productName": "Pessoal", "currencyCode": "BRL"}
    payload = lenient.decode(json.dumps(body | fields).encode(), product_payloads.Loan)
    product_upsert.store_loans(item, [payload], now=timezone.now())
    return Loan.objects.get(id=payload.id)


def in_days(days: int) -> str:
    return f"{timezone.localdate() + timedelta(days=days)}T00:00:00.000Z"


def english(days: int) -> str:
    with translation.override("en"):
        return format_day(timezone.localdate() + timedelta(days=days))


def test_the_page_of_a_position_shows_what_the_bank_says(item: Item, as_alice: Client) -> None:
    lci = position(
        item, number="0002-118", institution={"name": "Corretora X", "number": "1"}, issuer="Banco Y",
        issuerCNPJ="11.222.333/0001-81", amountWithdrawal=99.5, gracePeriodDate=in_days(30), taxExempt=True,
        annualRate=14.3, lastMonthRate=1.13, lastTwelveMonthsRate=-2.5,
    )  # fmt: skip
    shown = " ".join(page(as_alice, "investment", lci.id).split())
    for text in (
        f"99,50</data> from {english(30)}", "Exempt from income tax", "Corretora X", "CNPJ 11.222.333/0001-81",
        "0002-118", "1.13% last month", "-2.5% in twelve months", "14.3% a year",
    ):  # fmt: skip
        assert text in shown, text


def test_a_grace_period_that_is_over_is_said(item: Item, as_alice: Client) -> None:
    lci = position(item, gracePeriodDate=in_days(0))
    shown = page(as_alice, "investment", lci.id)
    assert "Can be withdrawn" in shown and f"since {english(0)}" in shown


@pytest.mark.parametrize("status", ["TOTAL_WITHDRAWAL"])
def test_a_withdrawn_position_cannot_be_withdrawn(item: Item, status: str, as_alice: Client) -> None:
    lci = position(item, gracePeriodDate=in_days(30), status=status)
    assert "Can be withdrawn" not in page(as_alice, "investment", lci.id)


@pytest.mark.parametrize("odd", [None, "", [], {}, "x", "NaN", "1e400", "9999-12-31"])
@pytest.mark.parametrize(
    "name",
    [
        "number", "institution", "issuerCNPJ", "amountWithdrawal", "gracePeriodDate", "taxExempt", "annualRate",
        "lastMonthRate", "lastTwelveMonthsRate",
    ],
)  # fmt: skip
def test_an_odd_detail_of_a_position_costs_only_itself(
    name: str, odd: Any, item: Item, as_alice: Client
) -> None:
    lci = position(item, **{name: odd})
    assert "LCI" in page(as_alice, "investment", lci.id)


def test_the_loan_shows_contract_rates_and_last_payment(item: Item, as_alice: Client) -> None:
    loan(
        item, contractNumber="77001", amortizationScheduled="PRICE",
        interestRates=[
            {"taxPeriodicity": "MONTHLY", "preFixedRate": 0.019, "referentialRateIndexerType": "PRE_FIXADO"},
            {"taxPeriodicity": "AA", "preFixedRate": 0.1, "referentialRateIndexerType": "IPCA"},
            {"taxPeriodicity": "AA", "postFixedRate": 0.55, "referentialRateIndexerType": "CDI"},
        ],
        payments={"contractOutstandingBalance": 400, "releases": [
            {"paidDate": "2026-10-15", "paidAmount": 51.5}, {"paidDate": "2026-11-15", "paidAmount": 52.5},
            {"paidDate": None, "paidAmount": 1}, {"paidDate": "2026-12-15", "paidAmount": "x"}, 7,
        ]},
    )  # fmt: skip
    shown = page(as_alice, "net_worth")
    assert "Contract 77001 · PRICE · 1.9% a month · IPCA + 10% a year · CDI (55%)" in shown
    assert "Last payment:" in shown and "52,50" in shown


@pytest.mark.parametrize(
    "odd", [None, "", [], {}, 7, "x", [None], [7], [{}], [{"paidAmount": "NaN"}], [{"preFixedRate": "x"}]]
)
@pytest.mark.parametrize(
    "name", ["contractNumber", "ipocCode", "amortizationScheduled", "interestRates", "releases"]
)
def test_an_odd_detail_of_a_loan_costs_only_itself(name: str, odd: Any, item: Item, as_alice: Client) -> None:
    payments: dict[str, Any] = {"contractOutstandingBalance": 400}
    fields = (
        {"payments": payments | {"releases": odd}}
        if name == "releases"
        else {"payments": payments, name: odd}
    )
    assert loan(item, **fields).outstanding == 400
    assert "Pessoal" in page(as_alice, "net_worth")


def test_what_has_no_name_is_left_out(item: Item, as_alice: Client) -> None:
    loan(
        item,
        amortizationScheduled="OTHERS",
        interestRates=[{"referentialRateIndexerType": "SEM_INDEXADOR_TAXA"}],
    )
    assert " · OTHERS" not in page(as_alice, "net_worth")
