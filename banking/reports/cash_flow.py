"""What came in, went out and was left over, month by month; investing stands on a line of its own."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from banking.models import SPENDING, Kind, MonthTotal
from banking.periods import Month, Period
from banking.reports.scope import Scope
from banking.reports.spending import HOME_CURRENCY

ZERO = Decimal(0)
By = dict[str, Decimal]  # flow by kind


@dataclass(frozen=True)
class Line:
    """A month, or all of them."""

    period: Period
    income: Decimal
    spending: Decimal
    investments: Decimal  # sum of flow: below zero is money put in

    @property
    def left_over(self) -> Decimal:
        return self.income - self.spending

    @property
    def savings_rate(self) -> Decimal | None:
        """Per cent of the income that is left over."""
        return self.left_over / self.income * 100 if self.income > 0 else None


@dataclass(frozen=True)
class CashFlow:
    """One currency."""

    currency: str
    months: tuple[Line, ...]  # oldest first
    total: Line

    @property
    def newest_first(self) -> tuple[Line, ...]:
        return self.months[::-1]


@dataclass(frozen=True)
class Report:
    period: Period
    figures: tuple[CashFlow, ...]  # the home currency first; never empty


def cash_flow(scope: Scope, *, months: int) -> Report:
    """The months up to the scope's last. One query, from the monthly sums."""
    last = Month.of(scope.period.end)
    every = [last + -back for back in reversed(range(months))]
    period = Period(every[0].first, last.last)
    by_currency = _sums(replace(scope, period=period))
    order = sorted(by_currency, key=lambda currency: (currency != HOME_CURRENCY, currency))
    return Report(period, tuple(_cash_flow(one, every, by_currency[one]) for one in order))


def _sums(scope: Scope) -> dict[str, dict[date, By]]:
    """By currency, month and kind."""
    found: dict[str, dict[date, By]] = {HOME_CURRENCY: {}}
    rows = MonthTotal.objects.of(scope.user).filter(scope.months()).order_by()
    for currency, month, kind, total in rows.values_list("currency", "month", "kind").annotate(Sum("total")):
        found.setdefault(currency, {}).setdefault(month, {})[kind] = total
    return found


def _cash_flow(currency: str, months: list[Month], by_month: dict[date, By]) -> CashFlow:
    lines = tuple(_line(Period.of_month(month), by_month.get(month.first, {})) for month in months)
    everything: By = defaultdict(lambda: ZERO)
    for sums in by_month.values():
        for kind, total in sums.items():
            everything[kind] += total
    return CashFlow(currency, lines, _line(Period(months[0].first, months[-1].last), everything))


def _line(period: Period, sums: By) -> Line:
    return Line(
        period,
        income=sums.get(Kind.INCOME, ZERO),
        spending=-sum((sums.get(kind, ZERO) for kind in SPENDING), ZERO),
        investments=sums.get(Kind.INVESTMENT, ZERO),
    )
