"""How fast money is spent: this month's spending up to each day, against the months before."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

from django.db.models import Sum

from banking.models import Basis, CategoryTree
from banking.periods import Month, Period
from banking.reports.comparison import AVERAGED_MONTHS, Change
from banking.reports.scope import Scope
from banking.reports.spending import HOME_CURRENCY

ZERO = Decimal(0)
Totals = tuple[Decimal | None, ...]  # spent up to the end of each day; nothing for days that are not there


@dataclass(frozen=True)
class Pace:
    """One currency."""

    currency: str
    this: Totals
    last: Totals
    average: Totals  # of the three months before, as far as they have rows
    change: Change  # up to today, or to the month's end

    @property
    def days(self) -> range:
        return range(1, len(self.this) + 1)


@dataclass(frozen=True)
class Report:
    month: Month
    last: Month
    until: date  # the last day of `this`
    figures: tuple[Pace, ...]  # the home currency first; never empty


def pace(scope: Scope, tree: CategoryTree, *, today: date, months: int = AVERAGED_MONTHS) -> Report:
    """Of the scope's last month, by purchase: what is paid later has no day. One query over days."""
    month = Month.of(scope.period.end)
    earlier = [month + -back for back in range(1, months + 1)]
    until = min(month.last, max(today, month.first))
    days = Period(earlier[-1].first, until)
    by_currency = _spent(replace(scope, period=days, basis=Basis.COMPETENCE, counts="spending"), tree)
    order = sorted(by_currency, key=lambda currency: (currency != HOME_CURRENCY, currency))
    figures = tuple(_pace(one, by_currency[one], month, earlier, until) for one in order)
    return Report(month, earlier[0], until, figures)


def _spent(scope: Scope, tree: CategoryTree) -> dict[str, dict[date, Decimal]]:
    found: dict[str, dict[date, Decimal]] = {HOME_CURRENCY: {}}
    by_day = scope.rows(tree).order_by().values_list("flow_currency", "local_date")
    for currency, day, flow in by_day.annotate(Sum("flow")):
        found.setdefault(currency, {})[day] = -flow
    return found


def _pace(
    currency: str, spent: Mapping[date, Decimal], month: Month, earlier: list[Month], until: date
) -> Pace:
    days = max(month.last.day, earlier[0].last.day)
    this, last = _totals(month, spent, days, until), _totals(earlier[0], spent, days)
    known = [one for one in earlier if any(Month.of(day) == one for day in spent)]
    whole = month.last == until
    before = _at(last, earlier[0].last.day if whole else until.day)
    return Pace(
        currency,
        this,
        last,
        _average([_totals(one, spent, days) for one in known], days),
        Change(_at(this, until.day), before),
    )


def _totals(month: Month, spent: Mapping[date, Decimal], days: int, until: date | None = None) -> Totals:
    end = until or month.last
    each = [spent.get(month.first + timedelta(days=past), ZERO) for past in range(end.day)]
    return (*accumulate(each), *[None] * (days - end.day))


def _at(totals: Totals, day: int) -> Decimal:
    """Up to that day, or to the end of a shorter month."""
    return [one for one in totals[:day] if one is not None][-1]


def _average(months: list[Totals], days: int) -> Totals:
    """A shorter month stays at its end while a longer one goes on."""
    if not months:
        return (None,) * days
    by_day: dict[int, list[Decimal]] = defaultdict(list)
    for totals in months:
        for day in range(1, days + 1):
            by_day[day].append(_at(totals, day))
    return tuple(sum(by_day[day], ZERO) / len(months) for day in range(1, days + 1))
