"""The contract of a loan in the format of the API; its movements are in loans."""

import datetime as dt
from random import Random
from typing import Any

from pluggy_sandbox.ids import stable_uuid
from pluggy_sandbox.world.bank_view import json_amount
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.loans import RATE, LoanContract
from pluggy_sandbox.world.loans import contract as contract_of
from pluggy_sandbox.world.people import cnpj

Json = dict[str, Any]


def loan_json(customer: Customer, item_id: str, today: dt.date) -> Json:
    """Return the contract with the payments until today."""
    contract, rng = contract_of(customer), Random(f"{customer.seed}/contract")
    paid, last_due = contract.paid(today), contract.due(contract.count)
    return {
        "id": stable_uuid(item_id, "loan"),
        "itemId": item_id,
        "contractNumber": f"{rng.randrange(10**9):012d}",
        "ipocCode": f"{rng.randrange(10**40):041d}",
        "productName": "Crédito Pessoal",
        "type": "CREDITO_PESSOAL_SEM_CONSIGNACAO",
        "kind": "LOAN",
        "date": _day(today),
        "contractDate": _day(contract.signed),
        "disbursementDates": [_day(contract.signed)],
        "settlementDate": _day(last_due) if paid == contract.count else None,
        "contractAmount": json_amount(contract.cents),
        "currencyCode": "BRL",
        "dueDate": _day(last_due),
        "firstInstallmentDueDate": _day(contract.due(1)),
        "installmentPeriodicity": "MONTHLY",
        "installmentPeriodicityAdditionalInfo": None,
        "CET": round((1 + RATE / 1000) ** 12 - 1 + 0.021, 4),
        "amortizationScheduled": "PRICE",
        "amortizationScheduledAdditionalInfo": None,
        "cnpjConsignee": cnpj(rng),
        "interestRates": [_rate()],
        "contractedFees": [],
        "contractedFinanceCharges": [],
        "warranties": [],
        "installments": _installments(contract, today),
        "payments": {
            "contractOutstandingBalance": json_amount(contract.outstanding(today)),
            "releases": [_release(item_id, contract, number) for number in range(1, paid + 1)],
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


def _installments(contract: LoanContract, today: dt.date) -> Json:
    paid = contract.paid(today)
    return {
        "typeNumberOfInstallments": "MONTH",
        "totalNumberOfInstallments": contract.count,
        "typeContractRemaining": "MONTH",
        "contractRemainingNumber": contract.count - paid,
        "paidInstallments": paid,
        "dueInstallments": contract.count - paid,
        "pastDueInstallments": 0,
        "balloonPayments": [],
    }


def _release(item_id: str, contract: LoanContract, number: int) -> Json:
    return {
        "isOverParcelPayment": False,
        "installmentId": stable_uuid(item_id, f"instalment/{number}"),
        "paidDate": _day(contract.due(number)),
        "currencyCode": "BRL",
        "paidAmount": json_amount(contract.installment),
        "overParcel": None,
    }


def _day(day: dt.date) -> str:
    return f"{day}T00:00:00.000Z"
