"""A loan's contract as the API gives it (the story of its money is in loans)."""

import datetime as dt
from random import Random
from typing import Any

from dev.sandbox.world.life import Life
from dev.sandbox.world.loans import RATE, Contract
from dev.sandbox.world.loans import contract as contract_of
from dev.sandbox.world.people import cnpj
from dev.sandbox.world.voice import identity, money

Json = dict[str, Any]


def loan(life: Life, item_id: str, today: dt.date) -> Json:
    """The contract, with what has been paid until today."""
    lent, dice = contract_of(life), Random(f"{life.story}/contract")
    return {
        "id": identity(item_id, "loan"),
        "itemId": item_id,
        "contractNumber": f"{dice.randrange(10**9):012d}",
        "ipocCode": f"{dice.randrange(10**40):041d}",
        "productName": "Crédito Pessoal",
        "type": "CREDITO_PESSOAL_SEM_CONSIGNACAO",
        "kind": "LOAN",
        "date": _day(today),
        "contractDate": _day(lent.signed),
        "disbursementDates": [_day(lent.signed)],
        "settlementDate": _day(lent.due(lent.count)) if lent.paid(today) == lent.count else None,
        "contractAmount": money(lent.cents),
        "currencyCode": "BRL",
        "dueDate": _day(lent.due(lent.count)),
        "firstInstallmentDueDate": _day(lent.due(1)),
        "installmentPeriodicity": "MONTHLY",
        "installmentPeriodicityAdditionalInfo": None,
        "CET": round((1 + RATE / 1000) ** 12 - 1 + 0.021, 4),
        "amortizationScheduled": "PRICE",
        "amortizationScheduledAdditionalInfo": None,
        "cnpjConsignee": cnpj(dice),
        "interestRates": [_rate()],
        "contractedFees": [],
        "contractedFinanceCharges": [],
        "warranties": [],
        "installments": _instalments(lent, today),
        "payments": {
            "contractOutstandingBalance": money(lent.outstanding(today)),
            "releases": [_release(item_id, lent, number) for number in range(1, lent.paid(today) + 1)],
        },
    }


def _rate() -> Json:
    return {
        "taxType": "EFFECTIVE",
        "interestRateType": "COMPOUND",
        "taxPeriodicity": "MONTHLY",
        "calculation": "30/360",
        "referentialRateIndexerType": "PRE_FIXADO",
        "referentialRateIndexerSubType": None,
        "referentialRateIndexerAdditionalInfo": None,
        "preFixedRate": RATE / 1000,
        "postFixedRate": None,
        "additionalInfo": None,
    }


def _instalments(lent: Contract, today: dt.date) -> Json:
    paid = lent.paid(today)
    return {
        "typeNumberOfInstallments": "MONTH",
        "totalNumberOfInstallments": lent.count,
        "typeContractRemaining": "MONTH",
        "contractRemainingNumber": lent.count - paid,
        "paidInstallments": paid,
        "dueInstallments": lent.count - paid,
        "pastDueInstallments": 0,
        "balloonPayments": [],
    }


def _release(item_id: str, lent: Contract, number: int) -> Json:
    return {
        "isOverParcelPayment": False,
        "installmentId": identity(item_id, f"instalment/{number}"),
        "paidDate": _day(lent.due(number)),
        "currencyCode": "BRL",
        "paidAmount": money(lent.instalment),
        "overParcel": None,
    }


def _day(day: dt.date) -> str:
    return f"{day}T00:00:00.000Z"
