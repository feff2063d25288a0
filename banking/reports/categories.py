"""Spending and income by category, each beside the same days before and the average of three months."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from banking.models import CategoryTree
from banking.periods import Period
from banking.reports.changes import Changes
from banking.reports.comparison import Change, Comparison, average, comparison
from banking.reports.scope import Scope
from banking.reports.spending import Figures, Line, figures_of
from banking.reports.sums import Group, groups_of

ZERO = Decimal(0)
By = dict[tuple[str, bool], Decimal]  # the total of a line, by category and `only`


@dataclass(frozen=True)
class ComparedLine:
    """One category of the period, with what it is compared with."""

    line: Line
    before: Change
    average: Change | None  # nothing when no month before has rows, or for days that are no month
    lines: tuple["ComparedLine", ...] = ()


@dataclass(frozen=True)
class ComparedFigures:
    """One currency."""

    figures: Figures
    changes: Changes
    spending_lines: tuple[ComparedLine, ...]
    income_lines: tuple[ComparedLine, ...]

    @property
    def currency(self) -> str:
        return self.figures.currency


@dataclass(frozen=True)
class Report:
    period: Period
    compared: Comparison
    figures: tuple[ComparedFigures, ...]  # the home currency first; never empty


def categories(scope: Scope, tree: CategoryTree, *, today: date) -> Report:
    """One query, whatever the history."""
    compared = comparison(scope.period, scope.basis, today=today)
    groups = groups_of(scope, tree, (scope.period, *compared.periods))
    by_period = {period: _by_currency(of, groups, tree) for period, of in groups.items()}
    return Report(
        scope.period,
        compared,
        tuple(_compared(currency, by_period, scope.period, compared) for currency in by_period[scope.period]),
    )


def _by_currency(
    groups: list[Group], everything: Mapping[Period, list[Group]], tree: CategoryTree
) -> dict[str, Figures]:
    """With a line for each category of any of the periods, so that all have the same lines."""
    nothing = [one._replace(total=ZERO, rows=0) for other in everything.values() for one in other]
    return {one.currency: one for one in figures_of([*groups, *nothing], tree)}


def _compared(
    currency: str,
    by_period: Mapping[Period, Mapping[str, Figures]],
    period: Period,
    compared: Comparison,
) -> ComparedFigures:
    main = by_period[period][currency]
    now = by_period[compared.now][currency] if compared.now else None
    before = by_period[compared.before][currency]
    earlier = [one for each in compared.earlier if (one := by_period[each][currency]).has_rows]
    return ComparedFigures(
        figures=main,
        changes=Changes.of(now, before),
        spending_lines=_lines(
            main.spending_lines,
            _totals(now.spending_lines) if now else None,
            _totals(before.spending_lines),
            [_totals(one.spending_lines) for one in earlier],
        ),
        income_lines=_lines(
            main.income_lines,
            _totals(now.income_lines) if now else None,
            _totals(before.income_lines),
            [_totals(one.income_lines) for one in earlier],
        ),
    )


def _lines(
    lines: tuple[Line, ...], now: By | None, before: By, earlier: list[By]
) -> tuple[ComparedLine, ...]:
    return tuple(_line(line, now, before, earlier) for line in lines)


def _line(line: Line, now: By | None, before: By, earlier: list[By]) -> ComparedLine:
    key = line.category_id, line.only
    here = now[key] if now is not None else None
    usual = average([one[key] for one in earlier], of=len(earlier))
    return ComparedLine(
        line,
        Change(here, before[key]),
        None if usual is None else Change(here, usual),
        _lines(line.lines, now, before, earlier),
    )


def _totals(lines: tuple[Line, ...]) -> By:
    return {(one.category_id, one.only): one.total for line in lines for one in (line, *line.lines)}
