"""What is known of one bill and of one card, ready to be shown."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from banking.models import Account, Basis, Bill
from banking.periods import Month, Period
from banking.reports.scope import Scope

ZERO, CENT = Decimal(0), Decimal("0.01")


class State(StrEnum):
    """Of a bill, as far as it is known."""

    FUTURE = "future"  # behind the open one: instalments are on it already
    OPEN = "open"
    UNLISTED = "unlisted"  # it has closed, but the bank has not drawn it up
    NOTHING = "nothing"  # there is nothing to pay
    PAID = "paid"
    PARTLY = "partly"
    UNPAID = "unpaid"
    OVERDUE = "overdue"
    UNSEEN = "unseen"  # an old bill of which no payment was told


TO_PAY = frozenset({State.UNPAID, State.PARTLY, State.OVERDUE})


@dataclass(frozen=True)
class Payment:
    """What was paid towards a bill: a row of the card, or only a line of the bank's bill."""

    on: date | None
    amount: Decimal
    row_id: UUID | None = None
    mode: str = ""


@dataclass(frozen=True)
class Statement:
    """One bill. Its rows are those of the month in which it is due."""

    account: Account
    month: Month
    bill: Bill | None  # the bank's own, once it has closed
    owed: Decimal  # what its rows come to, money out positive
    rows: int
    shares_month: bool  # with another bill: then rows belong to it by the bank's mark alone
    closes_on: date | None
    due_on: date | None
    days_left: int | None
    payments: tuple[Payment, ...]
    state: State

    @property
    def name(self) -> str:
        """Its place in an address: the month, or the bank's id where a month has two."""
        return str(self.bill.id) if self.bill and self.shares_month else str(self.month)

    @property
    def total(self) -> Decimal:
        return self.bill.total.quantize(CENT) if self.bill else self.owed

    @property
    def currency(self) -> str:
        return self.bill.currency if self.bill else self.account.currency

    @property
    def paid(self) -> Decimal:
        return sum((one.amount for one in self.payments), ZERO)

    @property
    def rest(self) -> Decimal:
        return max(self.total - self.paid, ZERO)

    @property
    def difference(self) -> Decimal:
        """By how much the bank asks for more than the rows come to, as far as they can be compared."""
        return self.total - self.owed if self.currency == self.account.currency else ZERO

    @property
    def charges(self) -> Decimal:
        """What the bank says that it charges for credit; some of it may be a row, too."""
        return sum((Decimal(one["amount"]) for one in self.bill.finance_charges), ZERO) if self.bill else ZERO

    @property
    def scope(self) -> Scope:
        """Its rows."""
        return Scope(
            self.account.user,
            Period.of_month(self.month),
            account=self.account,
            counts="billed",
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
        """What has to be paid next: the rest of an older bill has gone to the newest."""
        newest = tuple(one for one in self.closed[:1] if one.state in TO_PAY)
        return newest + ((self.open,) if self.open.owed > 0 else ())

    @property
    def limit(self) -> Decimal | None:
        limit: Decimal | None = self.account.credit_limit
        return limit

    @property
    def used(self) -> Decimal:
        """Of the limit."""
        left, whole = self.account.available_limit, self.limit
        used: Decimal = abs(self.account.balance) if left is None or whole is None else whole - left
        return used

    @property
    def used_share(self) -> Decimal:
        """Per cent of the limit, at most all of it."""
        return min(max(self.used / self.limit * 100, ZERO), Decimal(100)) if self.limit else ZERO


@dataclass(frozen=True)
class Detail:
    """One bill, with its neighbours: of these only the place is known, not what was paid."""

    statement: Statement
    previous: Statement | None
    next: Statement | None
    unbilled: Decimal  # of its rows: what the bank has marked with no closed bill
    unbilled_rows: int
