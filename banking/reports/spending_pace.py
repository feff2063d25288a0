"""Spending pace: this month's cumulative spending by day, against the months before."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

from django.db.models import Sum

from banking.ledger.models import Basis, CategoryTree
from banking.money.periods import Month, Period
from banking.reports.comparison import AVERAGED_MONTHS, AmountChange
from banking.reports.spending import HOME_CURRENCY, home_currency_first
from banking.reports.transaction_filter import TransactionFilter

ZERO = Decimal(0)
Totals = tuple[Decimal | None, ...]  # spent up to each day of the month; None after its end or after today


@dataclass(frozen=True)
class SpendingPace:
    """The pace in one currency."""

    currency: str
    this: Totals
    last: Totals
    average: Totals  # of the months before that have spending
    change: AmountChange  # up to today, or to the end of the month

    @property
    def days(self) -> range:
        return range(1, len(self.this) + 1)


@dataclass(frozen=True)
class PaceReport:
    month: Month
    last: Month
    until: date  # the last day of `this`
    figures: tuple[SpendingPace, ...]  # by currency, the home currency first; never empty


def pace_report(
    filters: TransactionFilter, tree: CategoryTree, *, today: date, months: int = AVERAGED_MONTHS
) -> PaceReport:
    """Return the pace of the filter's last month, on the accrual basis. One query."""
    month = Month.of(filters.period.end)
    earlier = [month + -back for back in range(1, months + 1)]
    until = min(month.last, max(today, month.first))
    period = Period(earlier[-1].first, until)
    by_currency = _spent_by_day(filters.replace(period=period, basis=Basis.ACCRUAL, measure="spending"), tree)
    figures = tuple(
        _pace(currency, by_currency[currency], month, earlier, until)
        for currency in home_currency_first(by_currency)
    )
    return PaceReport(month, earlier[0], until, figures)


def _spent_by_day(filters: TransactionFilter, tree: CategoryTree) -> dict[str, dict[date, Decimal]]:
    spent: dict[str, dict[date, Decimal]] = {HOME_CURRENCY: {}}
    by_day = filters.transactions(tree).order_by().values_list("signed_amount_currency", "local_date")
    for currency, day, total in by_day.annotate(Sum("signed_amount")):
        spent.setdefault(currency, {})[day] = -total
    return spent


def _pace(
    currency: str, spent: Mapping[date, Decimal], month: Month, earlier: list[Month], until: date
) -> SpendingPace:
    day_count = max(month.last.day, earlier[0].last.day)
    this, last = _cumulate(month, spent, day_count, until), _cumulate(earlier[0], spent, day_count)
    averaged = [before for before in earlier if any(Month.of(day) == before for day in spent)]
    last_day = earlier[0].last.day if month.last == until else until.day
    return SpendingPace(
        currency,
        this,
        last,
        _average([_cumulate(before, spent, day_count) for before in averaged], day_count),
        AmountChange(_up_to(this, until.day), _up_to(last, last_day)),
    )


def _cumulate(
    month: Month, spent: Mapping[date, Decimal], day_count: int, until: date | None = None
) -> Totals:
    end = until or month.last
    by_day = [spent.get(month.first + timedelta(days=past), ZERO) for past in range(end.day)]
    return (*accumulate(by_day), *[None] * (day_count - end.day))


def _up_to(totals: Totals, day: int) -> Decimal:
    """Return the total up to a day, or to the end of a shorter month."""
    return [total for total in totals[:day] if total is not None][-1]


def _average(months: list[Totals], day_count: int) -> Totals:
    """Average the months by day; a shorter month keeps its total until the longest ends.

    There is no average of a single month.
    """
    if len(months) < 2:
        return (None,) * day_count
    by_day: dict[int, list[Decimal]] = defaultdict(list)
    for totals in months:
        for day in range(1, day_count + 1):
            by_day[day].append(_up_to(totals, day))
    return tuple(sum(by_day[day], ZERO) / len(months) for day in range(1, day_count + 1))
