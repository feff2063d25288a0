"""Describe one bill and one card."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from banking.ledger.models import Account, Basis, Bill
from banking.money.periods import Month, Period
from banking.reports.cards.limits import CardLimit, card_limit
from banking.reports.transaction_filter import TransactionFilter

ZERO, CENT = Decimal(0), Decimal("0.01")


class BillState(StrEnum):
    """The states of a bill."""

    FUTURE = "future"  # after the open one: it has installments already
    OPEN = "open"
    UNLISTED = "unlisted"  # closed, but the bank does not list it
    NOTHING = "nothing"  # there is nothing to pay
    PAID = "paid"
    PARTLY = "partly"
    UNPAID = "unpaid"
    OVERDUE = "overdue"
    UNSEEN = "unseen"  # an old bill of which no payment is known


TO_PAY = frozenset({BillState.UNPAID, BillState.PARTLY, BillState.OVERDUE})


@dataclass(frozen=True)
class UnconvertedTotal:
    """Transactions of a bill in a foreign currency, which the bank has not converted yet."""

    currency: str
    owed: Decimal  # money out positive


@dataclass(frozen=True)
class CardPayment:
    """A payment of a bill, or a part of it: a transaction of the card, or only an entry of the bank's bill."""

    on: date | None
    amount: Decimal
    transaction_id: UUID | None = None
    mode: str = ""
    bank_id: str = ""  # of an entry of the bank's bill, if it has one


@dataclass(frozen=True)
class Statement:
    """A bill with its payments. Its transactions are those of the month in which it is due."""

    account: Account
    month: Month
    bill: Bill | None  # the bank's own, once it is closed
    owed: Decimal  # sum of its transactions, money out positive
    transaction_count: int
    unconverted: tuple[UnconvertedTotal, ...]  # by foreign currency, in no sum of the bill
    shares_month: bool  # another bill is due in the same month: only bill ids tell their transactions apart
    closes_on: date | None
    due_on: date | None
    days_left: int | None
    payments: tuple[CardPayment, ...]
    state: BillState

    @property
    def name(self) -> str:
        """Return its part of the URL: the month, or the bank's id if the month has two bills."""
        return str(self.bill.id) if self.bill and self.shares_month else str(self.month)

    @property
    def total(self) -> Decimal:
        return self.bill.total.quantize(CENT) if self.bill else self.owed

    @property
    def currency(self) -> str:
        return self.bill.currency if self.bill else self.account.currency

    @property
    def paid(self) -> Decimal:
        return sum((payment.amount for payment in self.payments), ZERO)

    @property
    def unpaid(self) -> Decimal:
        """Return what is left to pay: nothing while the card's balance is in the user's favour."""
        return ZERO if self.account.is_in_credit else max(self.total - self.paid, ZERO)

    @property
    def difference(self) -> Decimal:
        """Return by how much the bank's total exceeds the sum of the transactions; 0 in another currency."""
        return self.total - self.owed if self.currency == self.account.currency else ZERO

    @property
    def charges(self) -> Decimal:
        """Return the finance charges of the bill; some may also be transactions."""
        if not self.bill:
            return ZERO
        return sum((Decimal(charge["amount"]) for charge in self.bill.finance_charges), ZERO)

    @property
    def filters(self) -> TransactionFilter:
        """Return the filter of its transactions."""
        return TransactionFilter(
            self.account.user,
            Period.of_month(self.month),
            account=self.account,
            measure="billed",
            currency=self.account.currency,
            bill=self.bill if self.shares_month else None,
            unbilled=self.shares_month and self.bill is None,
            basis=Basis.CASH,
        )


@dataclass(frozen=True)
class Card:
    account: Account
    open: Statement
    closed: tuple[Statement, ...]  # newest first
    coming: tuple[Statement, ...]  # soonest first

    @property
    def due(self) -> tuple[Statement, ...]:
        """Return the next bills to pay; what is left of an older one is part of the newest.

        None is to be paid of a card that is closed, left out of totals, or in the user's favour.
        """
        if self.account.is_in_credit or self.account.closed_on or self.account.is_left_out:
            return ()
        newest = tuple(statement for statement in self.closed[:1] if statement.state in TO_PAY)
        return newest + ((self.open,) if self.open.unpaid > 0 else ())

    @cached_property
    def credit(self) -> CardLimit:
        return card_limit(self.account)

    @property
    def limit(self) -> Decimal | None:
        return self.account.limit

    @property
    def used(self) -> Decimal:
        """Return how much of the limit is used: nothing while the balance is in the user's favour."""
        return self.credit.used

    @property
    def balance(self) -> Decimal:
        """Return the balance from the user's view: what is owed is negative."""
        return self.account.signed_balance

    @property
    def used_share(self) -> Decimal:
        """Return how much of the limit is used, in percent, at most 100."""
        return min(max(self.used / self.limit * 100, ZERO), Decimal(100)) if self.limit else ZERO


@dataclass(frozen=True)
class BillDetail:
    """A bill, with the bills before and after it."""

    statement: Statement
    previous: Statement | None
    next: Statement | None
    unbilled: Decimal  # sum of its transactions that have the id of no closed bill
    unbilled_count: int
