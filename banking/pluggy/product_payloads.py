"""Payloads of investments and loans, as banking/pluggy/payloads.py describes them."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from banking.pluggy.payloads import Payload


class Institution(Payload, frozen=True):
    name: str | None = None
    number: str | None = None


class Investment(Payload, frozen=True):
    """`balance` is net, `amount` gross, `taxes` income tax, `taxes2` IOF."""

    id: UUID
    balance: Decimal
    type: str = ""
    name: str = ""
    currency_code: str = ""
    item_id: UUID | None = None
    subtype: str | None = None
    code: str | None = None
    isin: str | None = None
    issuer: str | None = None
    issuer_cnpj: str | None = msgspec.field(default=None, name="issuerCNPJ")
    number: Any = None  # of the contract, or of the customer at the broker: text or a number
    institution: Institution | None = None
    amount: Decimal | None = None
    amount_original: Decimal | None = None
    amount_profit: Decimal | None = None
    amount_withdrawal: Decimal | None = None
    taxes: Decimal | None = None
    taxes2: Decimal | None = None
    value: Decimal | None = None
    quantity: Decimal | None = None
    rate: Decimal | None = None
    rate_type: str | None = None
    fixed_annual_rate: Decimal | None = None
    annual_rate: Decimal | None = None
    last_month_rate: Decimal | None = None
    last_twelve_months_rate: Decimal | None = None
    tax_exempt: bool | None = None
    grace_period_date: str | None = None
    date: str | None = None
    purchase_date: str | None = None
    due_date: str | None = None
    status: str | None = None


class InvestmentTransaction(Payload, frozen=True):
    id: UUID
    date: str
    type: str = ""
    movement_type: str | None = None
    description: str | None = None
    trade_date: str | None = None
    amount: Decimal | None = None
    net_amount: Decimal | None = None
    value: Decimal | None = None
    quantity: Decimal | None = None
    expenses: dict[str, Decimal | None] | None = None
    brokerage_number: Any = None  # of the brokerage note


class LoanInstallments(Payload, frozen=True):
    total_number_of_installments: Decimal | None = None
    paid_installments: Decimal | None = None
    due_installments: Decimal | None = None
    past_due_installments: Decimal | None = None


class InterestRate(Payload, frozen=True):
    """The interest of a loan: fractions, of the period that `tax_periodicity` names."""

    tax_type: str | None = None
    tax_periodicity: str | None = None
    referential_rate_indexer_type: str | None = None
    pre_fixed_rate: Decimal | None = None
    post_fixed_rate: Decimal | None = None


class LoanRelease(Payload, frozen=True):
    """A payment that was made on a loan."""

    paid_amount: Decimal
    paid_date: str | None = None
    is_over_parcel_payment: bool | None = None


class LoanPayments(Payload, frozen=True):
    contract_outstanding_balance: Decimal | None = None
    releases: list[LoanRelease] | None = None


class Loan(Payload, frozen=True):
    id: UUID
    product_name: str = ""
    currency_code: str = ""
    item_id: UUID | None = None
    kind: str | None = None
    type: str | None = None
    contract_amount: Decimal | None = None
    contract_date: str | None = None
    due_date: str | None = None
    first_installment_due_date: str | None = None
    installment_periodicity: str | None = None
    cet: Decimal | None = msgspec.field(default=None, name="CET")
    installments: LoanInstallments | None = None
    payments: LoanPayments | None = None
    contract_number: str | None = None
    ipoc_code: str | None = None
    amortization_scheduled: str | None = None
    interest_rates: list[InterestRate] | None = None
    portability: Any = None  # an object: the loan moves to another bank
