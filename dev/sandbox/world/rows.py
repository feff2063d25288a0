"""A movement of money as the world tells it: São Paulo time, the person's side, no bank's habits yet."""

import datetime as dt
from dataclasses import dataclass

CHECKING, SAVINGS, CARD = "checking", "savings", "card"


@dataclass(frozen=True)
class Party:
    """The other side of a payment."""

    name: str
    document: str  # formatted CPF or CNPJ
    method: str  # PIX, TED, TEV or BOLETO
    message: str | None = None


@dataclass(frozen=True)
class Instalment:
    """Which part of a purchase in parts."""

    number: int
    of: int
    bought: dt.date
    total_cents: int


@dataclass(frozen=True)
class Boleto:
    """A paid slip: what it asked for (cents), and what was added or taken off."""

    due: dt.date
    base: int
    interest: int = 0
    penalty: int = 0
    discount: int = 0

    @property
    def paid(self) -> int:
        """What left the account, in cents."""
        return self.base + self.interest + self.penalty - self.discount


@dataclass(frozen=True)
class Row:
    """One movement; money out is negative."""

    account: str
    key: str  # stable name within the account: makes the id, and so survives every later telling
    at: dt.datetime  # local time, without a zone
    text: str
    cents: int
    category: str
    operation: str | None = None
    party: Party | None = None
    instalment: Instalment | None = None
    dollars: int | None = None  # cents of a USD price, same sign as cents
    mcc: int | None = None
    shop: tuple[str, str] | None = None  # merchant name and CNPJ
    fee: str | None = None
    boleto: Boleto | None = None
    pocket: str | None = None  # the name of the caixinha that the money goes into or comes from
    known: dt.datetime | None = None  # when the bank knows of it, if that is before it happens

    @property
    def day(self) -> dt.date:
        """The calendar day in São Paulo."""
        return self.at.date()

    @property
    def is_card_payment(self) -> bool:
        """Whether this pays a card bill (either leg)."""
        return self.category == "05100000"


@dataclass(frozen=True)
class Charge:
    """What a bank takes for a bill that was not paid in full on time."""

    kind: str  # as the API names finance charges
    text: str
    cents: int
    category: str


@dataclass(frozen=True)
class Payment:
    """One payment of a bill."""

    day: dt.date
    cents: int


@dataclass(frozen=True)
class ClosedBill:
    """A card statement that has closed, with the payments it will get."""

    closing: dt.date
    due: dt.date
    cents: int  # positive: what is owed
    charges: tuple[Charge, ...] = ()  # in the total, but without a row
    payments: tuple[Payment, ...] = ()
