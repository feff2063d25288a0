"""Pluggy's JSON as frozen structs: Decimals read from the text, instants with a zone, nulls kept.

Only fields that a page or a rule uses are named; unknown fields are passed over, as the API grows by
adding them. Enumerations are plain text for the same reason. Fields and nullability: Pluggy's API
reference, transaction, account, item and connector objects (2026-10).
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

T = TypeVar("T")
Json = dict[str, Any]


class Payload(msgspec.Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    """Base of all of them: snake_case here, camelCase there.

    What comes from JSON and never changes holds no circle, so the collector need not walk through thousands.
    """


class Health(Payload, frozen=True):
    status: str | None = None
    stage: str | None = None


class Connector(Payload, frozen=True):
    id: int
    name: str
    type: str | None = None
    country: str | None = None
    image_url: str | None = None
    primary_color: str | None = None
    institution_url: str | None = None
    has_mfa: bool | None = msgspec.field(default=None, name="hasMFA")
    is_open_finance: bool | None = None
    is_sandbox: bool | None = None
    health: Health | None = None
    products: list[str] | None = None


class ItemError(Payload, frozen=True):
    code: str | None = None
    message: str | None = None
    provider_message: str | None = None


class Item(Payload, frozen=True):
    id: UUID
    connector: Connector
    status: str
    execution_status: str | None = None
    error: ItemError | None = None
    parameter: Json | None = None
    user_action: Json | None = None
    client_user_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    last_updated_at: datetime | None = None
    next_auto_sync_at: datetime | None = None
    consecutive_failed_login_attempts: int | None = None
    status_detail: dict[str, Json | None] | None = None
    consent_expires_at: datetime | None = None
    products: list[str] | None = None


class BankData(Payload, frozen=True):
    transfer_number: str | None = None
    closing_balance: Decimal | None = None
    automatically_invested_balance: Decimal | None = None
    overdraft_contracted_limit: Decimal | None = None
    overdraft_used_limit: Decimal | None = None
    reserved_balances: list[Json] | None = None


class CreditData(Payload, frozen=True):
    level: str | None = None
    brand: str | None = None
    balance_close_date: str | None = None  # a day, or an instant
    balance_due_date: str | None = None  # a day, or an instant
    available_credit_limit: Decimal | None = None
    credit_limit: Decimal | None = None
    minimum_payment: Decimal | None = None
    balance_foreign_currency: Decimal | None = None
    status: str | None = None
    holder_type: str | None = None


class Account(Payload, frozen=True):
    id: UUID
    item_id: UUID
    type: str
    name: str
    balance: Decimal
    currency_code: str
    subtype: str | None = None
    number: str | None = None
    marketing_name: str | None = None
    owner: str | None = None
    tax_number: str | None = None
    bank_data: BankData | None = None
    credit_data: CreditData | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Document(Payload, frozen=True):
    type: str | None = None
    value: str | None = None


class Party(Payload, frozen=True):
    name: str | None = None
    document_number: Document | None = None
    account_number: str | None = None
    branch_number: str | None = None
    routing_number: str | None = None
    routing_number_ispb: str | None = msgspec.field(default=None, name="routingNumberISPB")


class PaymentData(Payload, frozen=True):
    payer: Party | None = None
    receiver: Party | None = None
    reason: str | None = None
    reference_number: str | None = None
    payment_method: str | None = None


class Merchant(Payload, frozen=True):
    name: str | None = None
    business_name: str | None = None
    cnpj: str | None = None


class CreditCardMetadata(Payload, frozen=True):
    installment_number: int | None = None
    total_installments: int | None = None
    total_amount: Decimal | None = None
    purchase_date: str | None = None  # a day, or an instant
    payee_mcc: int | str | None = msgspec.field(default=None, name="payeeMCC")
    card_number: str | None = None
    bill_id: UUID | None = None
    bill_forecast_date: str | None = None
    fee_type: str | None = None
    other_credits_type: str | None = None


class Transaction(Payload, frozen=True):
    id: UUID
    account_id: UUID
    description: str
    currency_code: str
    amount: Decimal
    date: datetime
    created_at: datetime
    updated_at: datetime
    description_raw: str | None = None
    type: str | None = None
    status: str | None = None
    amount_in_account_currency: Decimal | None = None
    balance: Decimal | None = None
    category_id: str | None = None
    operation_type: str | None = None
    provider_code: str | None = None
    provider_id: str | None = None
    order: int | None = None
    payment_data: PaymentData | None = None
    merchant: Merchant | None = None
    credit_card_metadata: CreditCardMetadata | None = None


class FinanceCharge(Payload, frozen=True):
    type: str
    amount: Decimal
    additional_info: str | None = None


class BillPayment(Payload, frozen=True):
    payment_date: str
    amount: Decimal
    value_type: str | None = None
    payment_mode: str | None = None


class Bill(Payload, frozen=True):
    id: UUID
    due_date: str
    total_amount: Decimal
    total_amount_currency_code: str
    bill_closing_date: str | None = None
    minimum_payment_amount: Decimal | None = None
    allows_installments: bool | None = None
    finance_charges: list[FinanceCharge] | None = None
    payments: list[BillPayment] | None = None


class Investment(Payload, frozen=True):
    """`balance` is net, `amount` gross, `taxes` income tax, `taxes2` IOF."""

    id: UUID
    type: str
    name: str
    balance: Decimal
    currency_code: str
    item_id: UUID | None = None
    subtype: str | None = None
    code: str | None = None
    isin: str | None = None
    issuer: str | None = None
    amount: Decimal | None = None
    amount_original: Decimal | None = None
    amount_profit: Decimal | None = None
    taxes: Decimal | None = None
    taxes2: Decimal | None = None
    value: Decimal | None = None
    quantity: Decimal | None = None
    rate: Decimal | None = None
    rate_type: str | None = None
    fixed_annual_rate: Decimal | None = None
    date: str | None = None
    purchase_date: str | None = None
    due_date: str | None = None
    status: str | None = None


class InvestmentTransaction(Payload, frozen=True):
    id: UUID
    type: str
    date: str
    movement_type: str | None = None
    description: str | None = None
    trade_date: str | None = None
    amount: Decimal | None = None
    net_amount: Decimal | None = None
    value: Decimal | None = None
    quantity: Decimal | None = None
    expenses: dict[str, Decimal | None] | None = None


class LoanInstallments(Payload, frozen=True):
    total_number_of_installments: Decimal | None = None
    paid_installments: Decimal | None = None
    due_installments: Decimal | None = None
    past_due_installments: Decimal | None = None


class LoanPayments(Payload, frozen=True):
    contract_outstanding_balance: Decimal | None = None


class Loan(Payload, frozen=True):
    id: UUID
    product_name: str
    currency_code: str
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


class Identity(Payload, frozen=True):
    """The owner of an item; only the document is used, and only its hash is kept."""

    document: str | None = None
    tax_number: str | None = None


class Category(Payload, frozen=True):
    id: str
    description: str
    description_translated: str | None = None
    parent_id: str | None = None


class Webhook(Payload, frozen=True):
    id: UUID
    url: str
    event: str
    headers: dict[str, str] | None = None
    disabled_at: datetime | None = None


class ApiKey(Payload, frozen=True):
    api_key: str


class ConnectToken(Payload, frozen=True):
    access_token: str


class ErrorBody(Payload, frozen=True):
    code: int | None = None
    code_description: str | None = None
    message: str | list[str] | None = None


class Page(Payload, Generic[T], frozen=True):
    """The envelope of paged lists."""

    results: list[T]
    total_pages: int | None = None


class Cursor(Payload, Generic[T], frozen=True):
    """The envelope of cursor lists; `next` is a query string, of which only `after` is ever used."""

    results: list[T]
    next: str | None = None
