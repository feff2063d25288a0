"""Net worth: what a user owns less what they owe, now and over time, by currency (docs/numbers.md, 5)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from uuid import UUID

from django.db.models import Q, Sum
from django.db.models.functions import Abs

from accounts.models import User
from banking.connections.freshness import product_as_of
from banking.connections.models import Item, Product, ProductState
from banking.ledger.models import Account, Investment, Loan
from banking.ledger.models.account_details import SetAside
from banking.money.dates import local_date
from banking.money.periods import Month
from banking.reports.balance_series import BalanceSeries, chart_dates, series_by_record
from banking.reports.spending import home_currency_first

ZERO = Decimal(0)
MONTHS_BETWEEN = {"MONTHLY": 1, "BIMONTHLY": 2, "QUARTERLY": 3, "SEMESTERLY": 6, "YEARLY": 12}


class HoldingGroup(StrEnum):
    """The groups of holdings, in the order of the page."""

    ACCOUNTS = "accounts"
    INVESTMENTS = "investments"
    CARDS = "cards"
    LOANS = "loans"


PRODUCTS = {
    HoldingGroup.ACCOUNTS: Product.ACCOUNTS,
    HoldingGroup.INVESTMENTS: Product.INVESTMENTS,
    HoldingGroup.CARDS: Product.CREDIT_CARDS,
    HoldingGroup.LOANS: Product.LOANS,
}


@dataclass(frozen=True)
class Holding:
    """An account, a card, an investment or a loan. What is owed is negative."""

    id: UUID
    group: HoldingGroup
    name: str
    bank: str
    currency: str
    value: Decimal | None  # None if the bank does not send it
    as_of: datetime | None
    missing_since: datetime | None = None  # the bank no longer lists it
    is_current: bool = True  # it counts now; others count only in the past
    is_counted: bool = True  # in today's totals
    counted_as: UUID | None = None  # the holding that is the same money and counts
    counted_in: str = ""  # its name
    closed_on: date | None = None
    is_left_out: bool = False
    may_be_closed: bool = False  # the user has to say whether it was closed
    set_aside: tuple[SetAside, ...] = ()  # reserved and automatically invested amounts within the value
    is_unclear: bool = False  # a card whose balance may be owed or in the user's favour; counted as owed


@dataclass(frozen=True)
class HoldingSection:
    group: HoldingGroup
    holdings: tuple[Holding, ...]

    @property
    def total(self) -> Decimal:
        return sum((holding.value for holding in self.holdings if holding.value and holding.is_counted), ZERO)


@dataclass(frozen=True)
class NetWorthPoint:
    """The net worth at the end of a day. Debts are positive."""

    day: date
    assets: Decimal
    debts: Decimal

    @property
    def net_worth(self) -> Decimal:
        return self.assets - self.debts


@dataclass(frozen=True)
class LoanDetail:
    """A loan and when its next installment is due."""

    loan: Loan
    bank: str
    as_of: datetime | None
    next_due_on: date | None


@dataclass(frozen=True)
class NetWorth:
    """The net worth in one currency."""

    currency: str
    sections: tuple[HoldingSection, ...]
    loans: tuple[LoanDetail, ...]
    points: tuple[NetWorthPoint, ...]  # the last one is now

    @property
    def now(self) -> NetWorthPoint:
        return self.points[-1]


def net_worth_report(user: User, *, months: int | None, today: date) -> tuple[NetWorth, ...]:
    """Return the net worth by currency, the home currency first; empty without holdings. Six queries."""
    loans = list(Loan.objects.of(user).select_related("item__connector"))
    holdings = _holdings(user, loans)
    dates = chart_dates(user, Q(), months=months, today=today)
    series = series_by_record(user, Q(), dates)
    currencies = {holding.currency for holding in holdings if holding.is_current or holding.id in series}
    return tuple(
        _net_worth(
            currency,
            [holding for holding in holdings if holding.currency == currency],
            loans,
            series,
            dates,
        )
        for currency in home_currency_first(currencies)
    )


def net_worth_now(user: User, accounts: Iterable[Account]) -> dict[str, Decimal]:
    """Return today's net worth by currency, of these accounts and the user's investments and loans.

    What counts elsewhere, is closed or left out is not in it. One query.
    """
    held = (
        Investment.objects.of(user)
        .filter(missing_since=None, counted_as=None)
        .exclude(status=Investment.WITHDRAWN)
    )
    loans = Loan.objects.of(user).filter(missing_since=None, counted_as=None, outstanding__isnull=False)
    assets = held.order_by().values_list("currency").annotate(sum=Sum("balance"))
    debts = loans.order_by().values_list("currency").annotate(sum=-Sum(Abs("outstanding")))
    by_currency: dict[str, Decimal] = defaultdict(Decimal)
    for account in accounts:
        by_currency[account.currency] += account.signed_balance if account.is_counted else ZERO
    for currency, total in assets.union(debts, all=True):
        by_currency[currency] += total
    return dict(by_currency)


def _net_worth(
    currency: str,
    holdings: list[Holding],
    loans: Iterable[Loan],
    series: Mapping[UUID, BalanceSeries],
    dates: Sequence[date],
) -> NetWorth:
    current = [holding for holding in holdings if holding.is_current]
    as_of = {holding.id: holding.as_of for holding in current}
    past = _past_points(holdings, series, dates[:-1])
    return NetWorth(
        currency=currency,
        sections=_sections(current),
        loans=tuple(
            LoanDetail(loan, loan.item.connector.name, as_of[loan.id], next_due_on(loan))
            for loan in loans
            if loan.id in as_of
        ),
        points=(*past, _point(dates[-1], (holding.value for holding in current if holding.is_counted))),
    )


def _sections(holdings: list[Holding]) -> tuple[HoldingSection, ...]:
    by_group = {
        group: tuple(holding for holding in holdings if holding.group == group) for group in HoldingGroup
    }
    return tuple(HoldingSection(group, of_group) for group, of_group in by_group.items() if of_group)


def _past_points(
    holdings: list[Holding], series: Mapping[UUID, BalanceSeries], dates: Sequence[date]
) -> Iterable[NetWorthPoint]:
    for index, day in enumerate(dates):
        existing = (
            holding
            for holding in holdings
            if holding.id in series
            and not _was_missing(holding, day)
            and not _counted_elsewhere(holding, series, index)
        )
        yield _point(day, (_signed(holding.group, series[holding.id][index]) for holding in existing))


def _counted_elsewhere(holding: Holding, series: Mapping[UUID, BalanceSeries], index: int) -> bool:
    """Tell whether the same money counted in another holding on that day.

    An account that was connected anew counts through the old connection until the new one has a balance.
    """
    counted = series.get(holding.counted_as) if holding.counted_as else None
    return counted is not None and counted[index] is not None


def _was_missing(holding: Holding, day: date) -> bool:
    """Tell whether it did not count on that day: closed, left out, or no longer listed by the bank.

    Withdrawn investments need no such check: their last snapshots are zero.
    """
    if holding.is_left_out or (holding.closed_on is not None and holding.closed_on <= day):
        return True
    if holding.is_current or holding.missing_since is None:
        return False
    return local_date(holding.missing_since) <= day


def _point(day: date, values: Iterable[Decimal | None]) -> NetWorthPoint:
    known = [value for value in values if value is not None]
    return NetWorthPoint(
        day,
        assets=sum((value for value in known if value > 0), ZERO),
        debts=-sum((value for value in known if value < 0), ZERO),
    )


def _signed(group: HoldingGroup, balance: Decimal | None) -> Decimal | None:
    """Return the value of a snapshot from the user's view; of a card or a loan it has what is owed."""
    if balance is None or group not in (HoldingGroup.CARDS, HoldingGroup.LOANS):
        return balance
    return -balance if group == HoldingGroup.CARDS else -abs(balance)


def _holdings(user: User, loans: Iterable[Loan]) -> list[Holding]:
    accounts = Account.objects.of(user).select_related("item__connector")
    investments = Investment.objects.of(user).select_related("item__connector")
    with_items = chain(map(_account, accounts), map(_investment, investments), map(_loan, loans))
    states = ProductState.objects.of(user).values_list("item_id", "product", "collected_at")
    as_of = {(item_id, product): collected_at for item_id, product, collected_at in states}
    holdings = [
        replace(
            holding, as_of=as_of.get((item.id, product)) or product_as_of(item, product, item.collected_at)
        )
        for holding, item in with_items
        for product in (PRODUCTS[holding.group],)
    ]
    names = {holding.id: f"{holding.name}, {holding.bank}" for holding in holdings}
    return [
        replace(holding, counted_in=names.get(holding.counted_as, "")) if holding.counted_as else holding
        for holding in holdings
    ]


def _account(account: Account) -> tuple[Holding, Item]:
    """Return an account; one that the bank no longer lists still counts, as on the overview."""
    group = HoldingGroup.CARDS if account.is_card else HoldingGroup.ACCOUNTS
    missing_since = account.missing_since if account.is_missing else None
    holding = _holding(account, group, account.label, account.signed_balance, missing_since)
    holding = replace(
        holding,
        is_counted=account.is_counted,
        closed_on=account.closed_on,
        is_left_out=account.is_left_out,
        may_be_closed=account.may_be_closed,
        is_unclear=account.is_balance_unclear,
        set_aside=account.set_aside,
    )
    return holding, account.item


def _investment(investment: Investment) -> tuple[Holding, Item]:
    holding = _holding(
        investment,
        HoldingGroup.INVESTMENTS,
        investment.name,
        investment.current_value,
        investment.missing_since,
    )
    return replace(holding, is_current=investment.is_held), investment.item


def _loan(loan: Loan) -> tuple[Holding, Item]:
    value = None if loan.outstanding is None else -abs(loan.outstanding)
    holding = _holding(loan, HoldingGroup.LOANS, loan.name, value, loan.missing_since)
    return replace(holding, is_current=loan.missing_since is None), loan.item


def _holding(
    record: Account | Investment | Loan,
    group: HoldingGroup,
    name: str,
    value: Decimal | None,
    missing_since: datetime | None,
) -> Holding:
    bank = record.item.connector.name
    return Holding(
        *(record.id, group, name, bank, record.currency, value, None, missing_since),
        is_counted=record.counted_as is None,
        counted_as=record.counted_as,
    )


def next_due_on(loan: Loan) -> date | None:
    """Return when the next installment is due, or None if the bank does not send enough to tell.

    Example: the first was due on January 10, monthly, and 3 are paid: the next is due on April 10.
    """
    months = MONTHS_BETWEEN.get(loan.periodicity)
    if months is None or loan.first_due_on is None or loan.installments_paid is None:
        return None
    if loan.installments is not None and loan.installments_paid >= loan.installments:
        return None
    return (Month.of(loan.first_due_on) + loan.installments_paid * months).day(loan.first_due_on.day)
