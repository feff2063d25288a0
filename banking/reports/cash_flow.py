"""Cash flow: income, spending, net income and investments, month by month."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from banking.ledger.models import SPENDING, Kind, MonthlyTotal
from banking.money.periods import Month, Period
from banking.reports.spending import HOME_CURRENCY, home_currency_first
from banking.reports.transaction_filter import TransactionFilter

ZERO = Decimal(0)
KindTotals = dict[str, Decimal]  # kind → sum of signed amounts


@dataclass(frozen=True)
class CashFlowLine:
    """A month, or all months together."""

    period: Period
    income: Decimal
    spending: Decimal
    investments: Decimal  # sum of signed amounts: negative if money was invested

    @property
    def net_income(self) -> Decimal:
        return self.income - self.spending

    @property
    def savings_rate(self) -> Decimal | None:
        """Return the net income in percent of the income; None without income."""
        return self.net_income / self.income * 100 if self.income > 0 else None


@dataclass(frozen=True)
class CashFlowFigures:
    """The cash flow in one currency."""

    currency: str
    months: tuple[CashFlowLine, ...]  # oldest first
    total: CashFlowLine

    @property
    def newest_first(self) -> tuple[CashFlowLine, ...]:
        return self.months[::-1]


@dataclass(frozen=True)
class CashFlowReport:
    period: Period
    figures: tuple[CashFlowFigures, ...]  # by currency, the home currency first; never empty


def cash_flow_report(filters: TransactionFilter, *, months: int) -> CashFlowReport:
    """Return the cash flow of the months up to the last one of the filter. One query."""
    last = Month.of(filters.period.end)
    listed = [last + -back for back in reversed(range(months))]
    period = Period(listed[0].first, last.last)
    by_currency = _totals(filters.replace(period=period))
    return CashFlowReport(
        period,
        tuple(
            _figures(currency, listed, by_currency[currency]) for currency in home_currency_first(by_currency)
        ),
    )


def _totals(filters: TransactionFilter) -> dict[str, dict[date, KindTotals]]:
    """Return the totals by currency, first day of the month, and kind."""
    totals: dict[str, dict[date, KindTotals]] = {HOME_CURRENCY: {}}
    monthly = MonthlyTotal.objects.of(filters.user).filter(filters.monthly_condition()).order_by()
    by_kind = monthly.values_list("currency", "month", "kind").annotate(Sum("total"))
    for currency, month, kind, total in by_kind:
        totals.setdefault(currency, {}).setdefault(month, {})[kind] = total
    return totals


def _figures(currency: str, months: list[Month], by_month: Mapping[date, KindTotals]) -> CashFlowFigures:
    lines = tuple(_line(Period.of_month(month), by_month.get(month.first, {})) for month in months)
    together: KindTotals = defaultdict(lambda: ZERO)
    for of_month in by_month.values():
        for kind, total in of_month.items():
            together[kind] += total
    return CashFlowFigures(currency, lines, _line(Period(months[0].first, months[-1].last), together))


def _line(period: Period, totals: KindTotals) -> CashFlowLine:
    return CashFlowLine(
        period,
        income=totals.get(Kind.INCOME, ZERO),
        spending=-sum((totals.get(kind, ZERO) for kind in SPENDING), ZERO),
        investments=totals.get(Kind.INVESTMENT, ZERO),
    )
