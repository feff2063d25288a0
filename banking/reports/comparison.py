"""Compare a period with earlier ones: always the same days, never part of a month with a whole one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.models import User
from banking.ledger.models import Account, BalanceSnapshot, Basis, CategoryTree
from banking.money.periods import Month, Period
from banking.reports.category_totals import CategoryTotal
from banking.reports.spending import SpendingFigures, figures_of

AVERAGED_MONTHS = 3
# A smaller change is not highlighted (percent, and in the currency).
NOTABLE_PERCENT, NOTABLE_AMOUNT = 10, 50


@dataclass(frozen=True)
class Comparison:
    """The periods that are compared."""

    now: Period | None  # the part of the period that is over; None if it cannot be compared yet
    before: Period
    earlier: tuple[Period, ...]  # the months of the average; empty unless the period is a month

    @property
    def pair(self) -> tuple[Period, ...]:
        return (self.now, self.before) if self.now else (self.before,)

    @property
    def periods(self) -> tuple[Period, ...]:
        return (*self.pair, *self.earlier)


@dataclass(frozen=True)
class AmountChange:
    """An amount and its earlier value."""

    now: Decimal | None
    before: Decimal

    @property
    def difference(self) -> Decimal | None:
        return None if self.now is None else self.now - self.before

    @property
    def percent(self) -> Decimal | None:
        """Return the change in percent; None if there is nothing to compare with."""
        if self.difference is None or self.before <= 0:
            return None
        return self.difference / self.before * 100

    @property
    def is_notable(self) -> bool:
        if self.difference is None or self.percent is None:
            return False
        return abs(self.percent) >= NOTABLE_PERCENT and abs(self.difference) >= NOTABLE_AMOUNT


def compare_periods(period: Period, basis: Basis, *, today: date) -> Comparison:
    """Return what a period is compared with.

    Example: on March 10, March is compared as March 1-10 with February 1-10, and with the average of the first
    ten days of the three months before. On the cash basis transactions have no day, so a month that is not
    over has no comparison.
    """
    is_over = period.end <= today
    can_be_cut = basis == Basis.ACCRUAL and period.start <= today
    now = period if is_over else Period(period.start, today) if can_be_cut else None
    if period.month is None:
        return Comparison(now, (now or period).before, ())
    last_day = None if now is None or is_over else today.day
    earlier = tuple(_days(period.month + -back, last_day) for back in range(1, AVERAGED_MONTHS + 1))
    return Comparison(now, earlier[0], earlier)


def _days(month: Month, last_day: int | None) -> Period:
    """Return the month, or its days up to `last_day`."""
    return Period(month.first, month.last if last_day is None else month.day(last_day))


def average(totals: Sequence[Decimal]) -> Decimal | None:
    """Return the average of the totals; None if there are none.

    Pass only months that have transactions: empty months before the first import would lower it.
    """
    return sum(totals, Decimal(0)) / len(totals) if totals else None


@dataclass(frozen=True)
class FigureChanges:
    """The changes of the key figures, in one currency."""

    currency: str
    income: AmountChange
    spending: AmountChange
    net_income: AmountChange

    @classmethod
    def of(cls, now: SpendingFigures | None, before: SpendingFigures) -> "FigureChanges":
        return cls(
            before.currency,
            income=AmountChange(now.income if now else None, before.income),
            spending=AmountChange(now.spending if now else None, before.spending),
            net_income=AmountChange(now.net_income if now else None, before.net_income),
        )


def figure_changes(
    totals: Mapping[Period, list[CategoryTotal]], comparison: Comparison, tree: CategoryTree
) -> tuple[FigureChanges, ...]:
    """Return the changes by currency, of the currencies that had transactions before."""
    before = figures_of(totals[comparison.before], tree)
    if comparison.now is None:
        return tuple(FigureChanges.of(None, figures) for figures in before)
    now = {figures.currency: figures for figures in figures_of(totals[comparison.now], tree)}
    (empty,) = figures_of([], tree)
    return tuple(FigureChanges.of(now.get(figures.currency, empty), figures) for figures in before)


def balances_on(user: User, accounts: Iterable[Account], day: date) -> dict[str, Decimal]:
    """Return the balances of bank accounts at the end of a day, by currency.

    An account that was connected anew has the balance of its older connection on earlier days. A currency in
    which the balance of any account is not known for that day is left out.
    """
    bank_accounts = [account for account in accounts if not account.is_card and account.is_counted_on(day)]
    snapshots = BalanceSnapshot.objects.of(user).filter(account__in=bank_accounts, day__lte=day)
    latest = snapshots.order_by("account_id", "-day").distinct("account_id")
    balances = dict(latest.values_list("account_id", "balance"))
    older = {
        account.counted_as: balances[account.id]
        for account in bank_accounts
        if account.is_superseded and account.id in balances
    }
    by_currency: dict[str, list[Decimal | None]] = {}
    for account in bank_accounts:
        if account.counted_as is None:
            balance = balances.get(account.id, older.get(account.id))
            by_currency.setdefault(account.currency, []).append(balance)
    return {
        currency: sum((balance for balance in known if balance is not None), Decimal(0))
        for currency, known in by_currency.items()
        if None not in known
    }
