"""Check payloads before they are stored, so that one that does not fit stops none of the others."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import models
from msgspec.structs import replace

from banking.ledger.models import Account
from banking.money.fields import MoneyField
from banking.pluggy import Unreadable, payloads

MAX_EXPONENT, MIN_EXPONENT = 16, -40  # powers of ten
MAX_AMOUNT_LENGTH = 26  # 24 digits, a sign and a point
FIRST_YEAR, LAST_YEAR = 1900, 2199
INTEGER_LIMIT = 2**31


def split_valid(
    transactions: Sequence[payloads.Transaction], *, account: Account
) -> tuple[Sequence[payloads.Transaction], list[Unreadable]]:
    """Return the transactions that can be stored, without their odd details, and those that cannot."""
    if not any(problem(transaction, account.id) for transaction in transactions):
        return transactions, []
    valid: list[payloads.Transaction] = []
    unreadable: list[Unreadable] = []
    for transaction in transactions:
        repaired = transaction
        if problem(transaction, account.id):
            repaired = without_odd_details(transaction, currency=account.currency)
        if reason := problem(repaired, account.id):
            unreadable.append(Unreadable.of(transaction, reason))
        else:
            valid.append(repaired)
    return valid, unreadable


def problem(transaction: payloads.Transaction, account_id: UUID) -> str:
    """Return why a transaction cannot be stored as it is, or an empty text.

    It is called for every transaction, so it has no loop and allocates nothing.
    """
    if transaction.account_id.int != account_id.int:
        return "accountId: it says that it belongs to another account"
    if not is_amount(transaction.amount):
        return "amount: not an amount of money"
    if not FIRST_YEAR <= transaction.date.year <= LAST_YEAR:
        return f"date: the year {transaction.date.year}"
    if transaction.balance is not None and not is_amount(transaction.balance):
        return "balance: not an amount of money"
    foreign = transaction.amount_in_account_currency
    if foreign is not None and not is_amount(foreign):
        return "amountInAccountCurrency: not an amount of money"
    if not (_is_time(transaction.created_at) and _is_time(transaction.updated_at)):
        return "createdAt or updatedAt: an impossible year"
    if not is_currency(transaction.currency_code):
        return "currencyCode: not a currency"
    if transaction.order is not None and not is_integer(transaction.order):
        return "order: too large a number"
    return "" if transaction.credit_card_metadata is None else _card_problem(transaction.credit_card_metadata)


def without_odd_details(transaction: payloads.Transaction, *, currency: str) -> payloads.Transaction:
    """Return the transaction without the details that no column can hold; no figure needs them.

    Without a currency of its own it is in that of the account.
    """
    card = transaction.credit_card_metadata
    if card is not None:
        card = replace(
            card,
            installment_number=_integer_or_none(card.installment_number),
            total_installments=_integer_or_none(card.total_installments),
        )
    return replace(
        transaction,
        balance=amount_or_none(transaction.balance),
        amount_in_account_currency=amount_or_none(transaction.amount_in_account_currency),
        created_at=transaction.created_at if _is_time(transaction.created_at) else None,
        updated_at=transaction.updated_at if _is_time(transaction.updated_at) else None,
        currency_code=currency_or(transaction.currency_code, currency),
        order=_integer_or_none(transaction.order),
        credit_card_metadata=card,
    )


def _card_problem(card: payloads.CreditCardMetadata) -> str:
    numbers = (card.installment_number, card.total_installments)
    if any(number is not None and not is_integer(number) for number in numbers):
        return "creditCardMetadata: too large an installment number"
    return ""


def _is_time(value: datetime | None) -> bool:
    return value is None or FIRST_YEAR <= value.year <= LAST_YEAR


def _integer_or_none(value: int | None) -> int | None:
    return value if value is not None and is_integer(value) else None


def amount_or_none(value: Decimal | None) -> Decimal | None:
    return value if value is not None and is_amount(value) else None


def currency_or(code: str, default: str) -> str:
    """Return the currency in capitals, or `default` if it is not one."""
    code = code.strip()
    code = code.upper() if code.islower() or code.istitle() else code
    return code if is_currency(code) else default


def is_amount(value: Decimal) -> bool:
    """Tell whether it is finite, below 10^16 and no longer than the column; a ninth decimal is rounded."""
    is_in_range = value.is_finite() and MIN_EXPONENT < value.adjusted() < MAX_EXPONENT
    return is_in_range and len(str(value)) <= MAX_AMOUNT_LENGTH


def is_integer(value: int) -> bool:
    """Tell whether it fits into a PostgreSQL integer."""
    return -INTEGER_LIMIT <= value < INTEGER_LIMIT


def is_currency(code: str) -> bool:
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


def clear_odd_details(record: models.Model) -> None:
    """Empty the optional columns of a record whose values they cannot hold."""
    for field in record._meta.concrete_fields:
        if field.null and _value_problem(field, getattr(record, field.attname)):
            setattr(record, field.attname, None)


def record_problem(record: models.Model) -> str:
    """Return why a record cannot be stored, or an empty text."""
    fields = record._meta.concrete_fields
    reasons = (_value_problem(field, getattr(record, field.attname)) for field in fields)
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
    if isinstance(value, int) and not is_integer(value) and field.name != "id":
        return f"{field.name}: too large a number"
    return ""


def ids(unreadable: Iterable[Unreadable]) -> set[UUID]:
    return {record.id for record in unreadable if record.id is not None}
