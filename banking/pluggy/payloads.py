"""Pluggy's JSON as frozen structs. Decimals are read from their text; instants have a time zone.

Only the fields that are used are named; others are ignored, because the API grows by adding fields. Enumerations
are plain texts for the same reason. Required is only what a figure needs: ids, amounts and dates. Every other field
has a default, which it gets as well if the bank sends something that cannot be read (banking/pluggy/lenient.py).
Investments and loans are in banking/pluggy/product_payloads.py. Source: Pluggy's API reference (2026-10).
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec

T = TypeVar("T")
Json = dict[str, Any]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
ConnectorId = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class Payload(msgspec.Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    """The base of all payloads: snake_case names here, camelCase in the JSON.

    `gc=False` is safe because decoded JSON has no reference cycles; it spares the garbage collector the walk
    through thousands of objects.
    """


class Health(Payload, frozen=True):
    status: str | None = None
    stage: str | None = None
    incidents: Any = None  # a list of objects; banking/connections/incidents.py reads what it can


class Connector(Payload, frozen=True):
    id: ConnectorId
    name: str = ""
    type: str | None = None
    country: str | None = None
    image_url: str | None = None
    primary_color: str | None = None
    institution_url: str | None = None
    reset_password_url: str | None = None
    has_mfa: bool | None = msgspec.field(default=None, name="hasMFA")
    is_open_finance: bool | None = None
    is_sandbox: bool | None = None
    health: Health | None = None
    products: list[str] | None = None
    product_coverage: Any = None  # a list of product names


class ItemError(Payload, frozen=True):
    code: str | None = None
    message: str | None = None
    provider_message: str | None = None
    attributes: Any = None  # an object


class Item(Payload, frozen=True):
    id: UUID
    connector: Connector | None = None
    status: str = ""
    execution_status: str | None = None
    error: ItemError | None = None
    parameter: Json | None = None
    user_action: Json | None = None
    client_user_id: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    last_updated_at: Instant | None = None
    next_auto_sync_at: Instant | None = None
    consecutive_failed_login_attempts: int | None = None
    status_detail: Json | None = None  # product → detail, or null
    consent_expires_at: Instant | None = None
    products: list[str] | None = None
    has_resources_pending_authorization: Any = None  # a boolean, and null without Open Finance


class Resource(Payload, frozen=True):
    """Something that the bank shares in Open Finance, such as an account; its status says whether it does."""

    type: Any = None
    status: Any = None


class Consent(Payload, frozen=True):
    """The data that the user allowed the bank to share in Open Finance."""

    id: UUID
    item_id: UUID | None = None
    products: list[str] | None = None
    open_finance_permissions_granted: list[str] | None = None
    created_at: Instant | None = None
    expires_at: Instant | None = None
    revoked_at: Instant | None = None


class Balance(Payload, frozen=True):
    """The balance of an account as the bank has it at this moment."""

    balance: Decimal
    blocked_balance: Decimal | None = None
    automatically_invested_balance: Decimal | None = None
    currency_code: str = ""
    update_date_time: Instant | None = None


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
    is_limit_flexible: Any = None  # a boolean
    # Lists of objects, read in banking/ledger/same_money.py and banking/reports/cards/limits.py.
    disaggregated_credit_limits: Any = None
    additional_cards: Any = None


class Account(Payload, frozen=True):
    id: UUID
    balance: Decimal
    item_id: UUID | None = None
    type: str = ""
    name: str = ""
    currency_code: str = ""
    subtype: str | None = None
    number: str | None = None
    marketing_name: str | None = None
    owner: str | None = None
    tax_number: str | None = None
    bank_data: BankData | None = None
    credit_data: CreditData | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


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


class BoletoMetadata(Payload, frozen=True):
    base_amount: Decimal | None = None
    interest_amount: Decimal | None = None
    penalty_amount: Decimal | None = None
    discount_amount: Decimal | None = None


class PaymentData(Payload, frozen=True):
    payer: Party | None = None
    receiver: Party | None = None
    reason: str | None = None
    reference_number: str | None = None
    payment_method: str | None = None
    authentication_code: str | None = None
    boleto_metadata: BoletoMetadata | None = None


class Merchant(Payload, frozen=True):
    name: str | None = None
    business_name: str | None = None
    cnpj: str | None = None
    cnae: str | None = None
    category: str | None = None


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
    payment_type: str | None = None
    bill_post_date: str | None = None  # a day
    transaction_date_time: str | None = None  # an instant


class Transaction(Payload, frozen=True):
    id: UUID
    account_id: UUID
    amount: Decimal
    date: Instant
    description: str = ""
    currency_code: str = ""
    created_at: Instant | None = None
    updated_at: Instant | None = None
    description_raw: str | None = None
    type: str | None = None
    status: str | None = None
    amount_in_account_currency: Decimal | None = None
    balance: Decimal | None = None
    category_id: str | None = None
    operation_type: str | None = None
    operation_type_additional_info: str | None = None
    provider_code: str | None = None
    provider_id: str | None = None
    order: int | None = None
    payment_data: PaymentData | None = None
    merchant: Merchant | None = None
    credit_card_metadata: CreditCardMetadata | None = None


class FinanceCharge(Payload, frozen=True):
    amount: Decimal
    type: str = ""
    additional_info: str | None = None


class BillPayment(Payload, frozen=True):
    amount: Decimal
    id: str | None = None
    payment_date: str | None = None
    value_type: str | None = None
    payment_mode: str | None = None


class Bill(Payload, frozen=True):
    id: UUID
    due_date: str
    total_amount: Decimal
    total_amount_currency_code: str = ""
    bill_closing_date: str | None = None
    minimum_payment_amount: Decimal | None = None
    allows_installments: bool | None = None
    finance_charges: list[FinanceCharge] | None = None
    payments: list[BillPayment] | None = None


class Identity(Payload, frozen=True):
    """The owner of an item. Only the document is used, and only its hash is stored."""

    document: str | None = None
    tax_number: str | None = None


class Category(Payload, frozen=True):
    id: str
    description: str = ""
    description_translated: str | None = None
    parent_id: str | None = None


class Webhook(Payload, frozen=True):
    id: UUID
    url: str
    event: str
    headers: dict[str, str] | None = None
    disabled_at: Instant | None = None


class ApiKey(Payload, frozen=True):
    api_key: str


class ConnectToken(Payload, frozen=True):
    access_token: str


class ErrorBody(Payload, frozen=True):
    code: int | None = None
    code_description: str | None = None
    message: str | list[str] | None = None
    data: Any = None  # an object with details of a refusal


class Page(Payload, Generic[T], frozen=True):
    """The envelope of numbered pages."""

    results: list[T]
    total_pages: Any = None  # a number


class CursorPage(Payload, Generic[T], frozen=True):
    """The envelope of lists with cursors; `next` is a query string, of which only `after` is used."""

    results: list[T]
    next: Any = None  # a text; null on the last page
