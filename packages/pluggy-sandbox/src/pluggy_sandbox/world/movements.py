"""Movements of money, in São Paulo time and from the user's side, independent of how a bank reports them."""

import datetime as dt
from dataclasses import dataclass

CHECKING, SAVINGS, CARD = "checking", "savings", "card"


@dataclass(frozen=True)
class Counterparty:
    """The other side of a payment."""

    name: str
    document: str  # formatted CPF or CNPJ
    method: str  # PIX, TED, TEV or BOLETO
    message: str | None = None


@dataclass(frozen=True)
class Installment:
    """The position of an installment in its purchase."""

    number: int
    count: int
    purchased_on: dt.date
    total_cents: int


@dataclass(frozen=True)
class Boleto:
    """A paid boleto: its amount in cents, and what was added or deducted."""

    due: dt.date
    base_cents: int
    interest_cents: int = 0
    penalty_cents: int = 0
    discount_cents: int = 0

    @property
    def paid_cents(self) -> int:
        """Return the cents that left the account."""
        return self.base_cents + self.interest_cents + self.penalty_cents - self.discount_cents


@dataclass(frozen=True)
class Movement:
    """One movement; money out is negative."""

    account: str
    key: str  # unique within the account and stable: the id is derived from it
    at: dt.datetime  # local time, without a zone
    description: str
    cents: int
    category: str
    operation_type: str | None = None
    counterparty: Counterparty | None = None
    installment: Installment | None = None
    usd_cents: int | None = None  # cents of a USD price, same sign as cents
    mcc: int | None = None
    merchant: tuple[str, str] | None = None  # merchant name and CNPJ
    fee_type: str | None = None
    boleto: Boleto | None = None
    pocket: str | None = None  # the caixinha that the money goes into or comes from
    known_at: dt.datetime | None = None  # when the bank learns of it, if that is before it happens

    @property
    def day(self) -> dt.date:
        """Return the calendar day in São Paulo."""
        return self.at.date()

    @property
    def is_card_payment(self) -> bool:
        """Return whether this is either side of a card bill payment."""
        return self.category == "05100000"


@dataclass(frozen=True)
class FinanceCharge:
    """A cost of a bill that was not paid in full on time."""

    kind: str  # as the API names finance charges
    text: str
    cents: int
    category: str


@dataclass(frozen=True)
class BillPayment:
    """One payment of a bill."""

    day: dt.date
    cents: int


@dataclass(frozen=True)
class ClosedBill:
    """A closed card bill with its future payments."""

    closing: dt.date
    due: dt.date
    cents: int  # positive: what is owed
    charges: tuple[FinanceCharge, ...] = ()  # included in the total, but without a movement
    payments: tuple[BillPayment, ...] = ()
