"""From where money came, and where it went: two sides that are equal, to the cent."""

from dataclasses import dataclass
from decimal import Decimal

from banking.models import CategoryTree
from banking.periods import Period
from banking.reports.scope import Scope
from banking.reports.spending import Figures, Line, figures

LEFT_OVER = "left_over"


@dataclass(frozen=True)
class Stream:
    """Into the middle or out of it. `total` is the figure, with its sign; the width has none."""

    counts: str  # income, spending or left_over
    total: Decimal
    line: Line | None = None  # of what is left over, none


@dataclass(frozen=True)
class Sides:
    """One currency: income, and refunds larger than the spending, against spending and what is left over.

    More spent than received comes from what was there before: a negative rest, on the first side.
    """

    figures: Figures
    sources: tuple[Stream, ...]
    targets: tuple[Stream, ...]


@dataclass(frozen=True)
class Report:
    period: Period
    figures: tuple[Sides, ...]  # the home currency first; never empty


def flow(scope: Scope, tree: CategoryTree) -> Report:
    """One query."""
    return Report(scope.period, tuple(_sides(one) for one in figures(scope, tree)))


def _sides(figures: Figures) -> Sides:
    income = [Stream("income", line.total, line) for line in figures.income_lines]
    spending = [Stream("spending", line.total, line) for line in figures.spending_lines]
    rest = Stream(LEFT_OVER, figures.left_over)
    gains = [one for one in income if one.total > 0] + [one for one in spending if one.total < 0]
    losses = [one for one in spending if one.total > 0] + [one for one in income if one.total < 0]
    return Sides(
        figures,
        sources=(*gains, *([rest] if rest.total < 0 else [])),
        targets=(*losses, *([rest] if rest.total > 0 else [])),
    )
