"""What the columns can hold and a person can mean: checked before a write: no row stops the others."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import models

from banking.models.money import MoneyField
from banking.pluggy import Unreadable, payloads

LARGEST, SMALLEST = 16, -40  # powers of ten
MOST_SIGNS = 26  # of 24 digits, a sign and a point
FIRST_YEAR, LAST_YEAR = 1900, 2199
LARGEST_INTEGER = 2**31


def sound(
    rows: Sequence[payloads.Transaction], *, account_id: UUID
) -> tuple[Sequence[payloads.Transaction], list[Unreadable]]:
    """Rows that can be written, and those that cannot."""
    refused = [(row, reason) for row in rows if (reason := problem(row, account_id))]
    if not refused:
        return rows, []
    bad = {id(row) for row, _ in refused}
    return [row for row in rows if id(row) not in bad], [Unreadable.of(*one) for one in refused]


def problem(row: payloads.Transaction, account_id: UUID) -> str:
    """Why a row cannot be written, or nothing. Called for each row: no loop, nothing allocated."""
    if row.account_id.int != account_id.int:
        return "accountId: it says that it belongs to another account"
    if not is_amount(row.amount):
        return "amount: not an amount of money"
    if row.balance is not None and not is_amount(row.balance):
        return "balance: not an amount of money"
    foreign = row.amount_in_account_currency
    if foreign is not None and not is_amount(foreign):
        return "amountInAccountCurrency: not an amount of money"
    if not FIRST_YEAR <= row.date.year <= LAST_YEAR:
        return f"date: the year {row.date.year}"
    if not (
        FIRST_YEAR <= row.created_at.year <= LAST_YEAR and FIRST_YEAR <= row.updated_at.year <= LAST_YEAR
    ):
        return "createdAt or updatedAt: a year that nobody means"
    if not is_currency(row.currency_code):
        return "currencyCode: not a currency"
    if row.order is not None and not is_count(row.order):
        return "order: a number beyond any count"
    return "" if row.credit_card_metadata is None else _card_problem(row.credit_card_metadata)


def _card_problem(card: payloads.CreditCardMetadata) -> str:
    numbers = (card.installment_number, card.total_installments)
    if any(one is not None and not is_count(one) for one in numbers):
        return "creditCardMetadata: an instalment beyond any count"
    return ""


def is_amount(value: Decimal) -> bool:
    """Finite, below 10^16, and of no more digits than a column keeps; a ninth decimal is rounded."""
    return value.is_finite() and SMALLEST < value.adjusted() < LARGEST and len(str(value)) <= MOST_SIGNS


def is_count(value: int) -> bool:
    return -LARGEST_INTEGER <= value < LARGEST_INTEGER


def is_currency(code: str) -> bool:
    return len(code) == 3 and code.isascii() and code.isalpha()


def record_problem(row: models.Model) -> str:
    """Why a record cannot be written, or nothing."""
    reasons = (_value_problem(field, getattr(row, field.attname)) for field in row._meta.concrete_fields)
    return next((reason for reason in reasons if reason), "")


def _value_problem(field: "models.Field[object, object]", value: object) -> str:
    if value is None:
        return ""
    if isinstance(field, MoneyField) and not is_amount(Decimal(str(value))):
        return f"{field.name}: not an amount of money"
    if isinstance(value, (date, datetime)) and not FIRST_YEAR <= value.year <= LAST_YEAR:
        return f"{field.name}: the year {value.year}"
    if field.name == "currency" and not is_currency(str(value)):
        return "currency: not a currency"
    if isinstance(value, int) and not is_count(value) and field.name != "id":
        return f"{field.name}: a number beyond any count"
    return ""


def ids(unreadable: Iterable[Unreadable]) -> set[UUID]:
    return {one.id for one in unreadable if one.id is not None}
