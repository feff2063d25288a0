"""Spending and income by category, compared with the same days before and the average of three months."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from banking.ledger.models import CategoryTree
from banking.money.periods import Period
from banking.reports.category_totals import CategoryTotal, totals_by_period
from banking.reports.comparison import (
    AmountChange,
    Comparison,
    FigureChanges,
    average,
    compare_periods,
)
from banking.reports.spending import CategoryLine, SpendingFigures, figures_of
from banking.reports.transaction_filter import TransactionFilter

ZERO = Decimal(0)
LineTotals = dict[tuple[str, bool], Decimal]  # (category id, direct_only) → total


@dataclass(frozen=True)
class ComparedLine:
    """A category of the period, and what it is compared with."""

    line: CategoryLine
    before: AmountChange
    average: AmountChange | None  # None if no month before has transactions, or the period is no month
    lines: tuple["ComparedLine", ...] = ()


@dataclass(frozen=True)
class ComparedFigures:
    """The figures of one currency."""

    figures: SpendingFigures
    changes: FigureChanges
    spending_lines: tuple[ComparedLine, ...]
    income_lines: tuple[ComparedLine, ...]

    @property
    def currency(self) -> str:
        return self.figures.currency


@dataclass(frozen=True)
class CategoryReport:
    period: Period
    comparison: Comparison
    figures: tuple[ComparedFigures, ...]  # by currency, the home currency first; never empty


def category_report(filters: TransactionFilter, tree: CategoryTree, *, today: date) -> CategoryReport:
    """Return the report. One query."""
    comparison = compare_periods(filters.period, filters.basis, today=today)
    totals = totals_by_period(filters, tree, (filters.period, *comparison.periods))
    figures = {period: _by_currency(of_period, totals, tree) for period, of_period in totals.items()}
    return CategoryReport(
        filters.period,
        comparison,
        tuple(
            _compare(currency, figures, filters.period, comparison) for currency in figures[filters.period]
        ),
    )


def _by_currency(
    totals: list[CategoryTotal], all_totals: Mapping[Period, list[CategoryTotal]], tree: CategoryTree
) -> dict[str, SpendingFigures]:
    """Return the figures of one period, with a line for every category of any period."""
    zeros = [
        total._replace(total=ZERO, transaction_count=0)
        for of_period in all_totals.values()
        for total in of_period
    ]
    return {figures.currency: figures for figures in figures_of([*totals, *zeros], tree)}


def _compare(
    currency: str,
    by_period: Mapping[Period, Mapping[str, SpendingFigures]],
    period: Period,
    comparison: Comparison,
) -> ComparedFigures:
    main = by_period[period][currency]
    now = by_period[comparison.now][currency] if comparison.now else None
    before = by_period[comparison.before][currency]
    earlier = [by_period[month][currency] for month in comparison.earlier]
    averaged = [figures for figures in earlier if figures.has_transactions]
    return ComparedFigures(
        figures=main,
        changes=FigureChanges.of(now, before),
        spending_lines=_compare_lines(
            main.spending_lines,
            _line_totals(now.spending_lines) if now else None,
            _line_totals(before.spending_lines),
            [_line_totals(figures.spending_lines) for figures in averaged],
        ),
        income_lines=_compare_lines(
            main.income_lines,
            _line_totals(now.income_lines) if now else None,
            _line_totals(before.income_lines),
            [_line_totals(figures.income_lines) for figures in averaged],
        ),
    )


def _compare_lines(
    lines: tuple[CategoryLine, ...], now: LineTotals | None, before: LineTotals, averaged: list[LineTotals]
) -> tuple[ComparedLine, ...]:
    """Compare the lines; those with transactions only in the months of the average are left out."""
    shown = [line for line in lines if line.transaction_count or before[line.category_id, line.direct_only]]
    return tuple(_compare_line(line, now, before, averaged) for line in shown)


def _compare_line(
    line: CategoryLine, now: LineTotals | None, before: LineTotals, averaged: list[LineTotals]
) -> ComparedLine:
    key = line.category_id, line.direct_only
    current = now[key] if now is not None else None
    usual = average([totals[key] for totals in averaged])
    return ComparedLine(
        line,
        AmountChange(current, before[key]),
        None if usual is None else AmountChange(current, usual),
        _compare_lines(line.lines, now, before, averaged),
    )


def _line_totals(lines: tuple[CategoryLine, ...]) -> LineTotals:
    return {
        (line.category_id, line.direct_only): line.total for root in lines for line in (root, *root.lines)
    }
