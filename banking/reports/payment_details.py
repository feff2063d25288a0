"""Show what a bank says about one payment besides its amount: when it was made, and what a late boleto cost more."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime

from banking.ledger.models import Transaction
from banking.money import amounts
from banking.pluggy.values import day

ZERO = Decimal(0)
MAX_CODE_LENGTH = 200


@dataclass(frozen=True)
class PaymentDetails:
    """Details of a payment. What the bank does not say is None or empty."""

    made_at: datetime | None  # of a card: the moment of the purchase, if it is not the date itself
    billed_on: date | None  # of a card: the day on the bill, if it is another than the date
    payment_type: str  # of a card: SINGLE, INSTALLMENT, or another word
    authentication_code: str
    boleto_amount: Decimal | None
    interest: Decimal  # that was added to the boleto
    penalty: Decimal
    discount: Decimal

    @property
    def late_costs(self) -> Decimal:
        return self.interest + self.penalty


def payment_details(transaction: Transaction) -> PaymentDetails:
    """Read the details of a transaction. One that cannot be read costs only itself."""
    details = transaction.details
    billed_on = day(_text(details, "billPostDate"))
    return PaymentDetails(
        made_at=_moment(_text(details, "transactionDateTime"), transaction),
        billed_on=billed_on if billed_on != transaction.local_date else None,
        payment_type=_text(details, "paymentType"),
        authentication_code=_text(details, "authenticationCode")[:MAX_CODE_LENGTH],
        boleto_amount=_amount(details, "boletoAmount") or None,
        interest=_amount(details, "boletoInterest"),
        penalty=_amount(details, "boletoPenalty"),
        discount=_amount(details, "boletoDiscount"),
    )


def _text(details: dict[str, Any], name: str) -> str:
    value = details.get(name)
    return value.strip() if isinstance(value, str) else ""


def _amount(details: dict[str, Any], name: str) -> Decimal:
    """Return an amount; 0 for one that is missing, negative or impossible."""
    return max(amounts.from_json(_text(details, name)) or ZERO, ZERO)


def _moment(text: str, transaction: Transaction) -> datetime | None:
    """Parse the moment of a purchase; None if it says no more than the transaction's own date."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None or not 1900 < moment.year < 2200:
        return None
    return moment if moment != transaction.occurred_at else None
