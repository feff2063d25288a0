"""What the columns can hold and a person can mean: checked before a write: no row stops the others."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import models

from banking.models.money import MoneyField
from banking.pluggy import Unreadable, payloads

MOST, LEAST = Decimal(10) ** 16, -(Decimal(10) ** 16)
MOST_SIGNS = 26  # of 24 digits, a sign and a point
FIRST_YEAR, LAST_YEAR = 1900, 2199
LARGEST_INTEGER = 2**31


def sound(
    rows: Sequence[payloads.Transaction], *, account_id: UUID
) -> tuple[Sequence[payloads.Transaction], list[Unreadable]]:
    """Rows that can be written, and those that cannot."""
    problems = [problem(row, account_id) for row in rows]
    if not any(problems):
        return rows, []
    judged = list(zip(rows, problems, strict=True))
    refused = [Unreadable.of(row, reason) for row, reason in judged if reason]
    return [row for row, reason in judged if not reason], refused


def problem(row: payloads.Transaction, account_id: UUID) -> str:
    """Why a row cannot be written, or nothing. Called for each row: cheap."""
    if row.account_id != account_id:
        return "accountId: it says that it belongs to another account"
    for name, value in (
        ("amount", row.amount),
        ("amountInAccountCurrency", row.amount_in_account_currency),
        ("balance", row.balance),
    ):
        if value is not None and not is_amount(value):
            return f"{name}: not an amount of money"
    for name, moment in (("date", row.date), ("createdAt", row.created_at), ("updatedAt", row.updated_at)):
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            return f"{name}: the year {moment.year}"
    if not is_currency(row.currency_code):
        return "currencyCode: not a currency"
    return _card_problem(row.credit_card_metadata, row.order)


def _card_problem(card: payloads.CreditCardMetadata | None, order: int | None) -> str:
    numbers = (order, card.installment_number, card.total_installments) if card else (order,)
    if any(one is not None and not -LARGEST_INTEGER <= one < LARGEST_INTEGER for one in numbers):
        return "order or instalment: a number beyond any count"
    return ""


def is_amount(value: Decimal) -> bool:
    """Finite, below 10^16, and of no more digits than a column keeps; a ninth decimal is rounded."""
    return (
        value.is_finite()
        and LEAST < value < MOST
        and value.adjusted() > -40
        and len(str(value)) <= MOST_SIGNS
    )


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
    if isinstance(value, int) and not -LARGEST_INTEGER <= value < LARGEST_INTEGER and field.name != "id":
        return f"{field.name}: a number beyond any count"
    return ""


def ids(unreadable: Iterable[Unreadable]) -> set[UUID]:
    return {one.id for one in unreadable if one.id is not None}
