"""Income, spending and what is left over, by category: the numbers of docs/numbers.md for one period."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from banking.models import SPENDING, CategoryTree, Kind
from banking.periods import Period
from banking.reports.glance import Glance, glance
from banking.reports.scope import Scope
from banking.reports.sums import Group, groups

ZERO, HUNDREDTH = Decimal(0), Decimal("0.01")
HOME_CURRENCY = "BRL"


@dataclass(frozen=True)
class Line:
    """One category. `total` is positive for what the heading says: money spent, or money received."""

    category_id: str
    name: str
    total: Decimal
    rows: int
    share: Decimal  # per cent of the heading's total, 0 when it cannot be told
    only: bool = False  # the rows directly in a root that also has children
    lines: tuple["Line", ...] = ()


@dataclass(frozen=True)
class KindLine:
    """Rows that count in neither income nor spending."""

    kind: str
    total: Decimal  # sum of flow
    rows: int


@dataclass(frozen=True)
class Figures:
    """The figures of one currency; currencies are never added together."""

    currency: str
    income: Decimal
    income_rows: int
    spending: Decimal
    spending_rows: int
    spending_lines: tuple[Line, ...] = ()
    income_lines: tuple[Line, ...] = ()
    uncounted: tuple[KindLine, ...] = ()

    @property
    def left_over(self) -> Decimal:
        return self.income - self.spending

    @property
    def left_over_rows(self) -> int:
        return self.income_rows + self.spending_rows

    @property
    def has_rows(self) -> bool:
        return bool(self.left_over_rows) or any(one.rows for one in self.uncounted)

    @property
    def savings_rate(self) -> Decimal | None:
        """Per cent of the income that is left over."""
        return self.left_over / self.income * 100 if self.income > 0 else None


@dataclass(frozen=True)
class Report:
    period: Period
    figures: tuple[Figures, ...]  # the home currency first; never empty
    since: date | None  # the person's oldest row
    pending: int  # rows of the period that are not final yet

    @property
    def main(self) -> Figures:
        return self.figures[0]


def spending(scope: Scope, tree: CategoryTree) -> Report:
    """Two queries, whatever the history."""
    return report(scope, groups(scope, tree), tree, glance(scope, tree))


def report(scope: Scope, sums: Iterable[Group], tree: CategoryTree, seen: Glance) -> Report:
    """Of what is known already."""
    return Report(scope.period, figures_of(sums, tree), seen.since, seen.pending)


def figures(scope: Scope, tree: CategoryTree) -> tuple[Figures, ...]:
    """One per currency that has rows; at least the home currency's."""
    return figures_of(groups(scope, tree), tree)


def figures_of(sums: Iterable[Group], tree: CategoryTree) -> tuple[Figures, ...]:
    by_currency: dict[str, list[Group]] = defaultdict(list, {HOME_CURRENCY: []})
    for one in sums:
        by_currency[one.currency].append(one)
    order = sorted(by_currency, key=lambda currency: (currency != HOME_CURRENCY, currency))
    return tuple(_figures(currency, by_currency[currency], tree) for currency in order)


def _figures(currency: str, sums: list[Group], tree: CategoryTree) -> Figures:
    spent = [one._replace(total=-one.total) for one in sums if one.kind in SPENDING]
    received = [one for one in sums if one.kind == Kind.INCOME]
    return Figures(
        currency=currency,
        income=_total(received),
        income_rows=_rows(received),
        spending=_total(spent),
        spending_rows=_rows(spent),
        spending_lines=_lines(spent, tree),
        income_lines=_lines(received, tree),
        uncounted=_uncounted(sums),
    )


def _lines(sums: list[Group], tree: CategoryTree) -> tuple[Line, ...]:
    """Two levels, largest first. A root's figure is the sum of its children and its own rows."""
    by_root: dict[str, list[Group]] = defaultdict(list)
    for one in sums:
        by_root[tree.root(one.category_id)].append(one)
    whole = sum((max(_total(inside), ZERO) for inside in by_root.values()), ZERO)
    return _sorted(_root_line(root, inside, whole, tree) for root, inside in by_root.items())


def _root_line(root: str, sums: list[Group], whole: Decimal, tree: CategoryTree) -> Line:
    by_child: dict[str, list[Group]] = defaultdict(list)
    for one in sums:
        by_child[tree.second_level(one.category_id)].append(one)
    children = _sorted(
        _line(child, inside, whole, tree, only=child == root) for child, inside in by_child.items()
    )
    alone = len(children) == 1 and children[0].category_id == root
    return _line(root, sums, whole, tree, lines=() if alone else children)


def _line(
    category_id: str,
    sums: list[Group],
    whole: Decimal,
    tree: CategoryTree,
    *,
    only: bool = False,
    lines: tuple[Line, ...] = (),
) -> Line:
    total = _total(sums)
    share = (total / whole * 100).quantize(HUNDREDTH) if whole and total > 0 else ZERO
    return Line(category_id, tree.name(category_id), total, _rows(sums), share, only, lines)


def _uncounted(sums: list[Group]) -> tuple[KindLine, ...]:
    counted = {*SPENDING, Kind.INCOME}
    kinds = [kind for kind in Kind if kind not in counted]
    by_kind = {kind: [one for one in sums if one.kind == kind] for kind in kinds}
    return tuple(
        KindLine(kind.value, _total(inside), _rows(inside)) for kind, inside in by_kind.items() if inside
    )


def _sorted(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (-line.total, line.name)))


def _total(sums: Iterable[Group]) -> Decimal:
    return sum((one.total for one in sums), ZERO)


def _rows(sums: Iterable[Group]) -> int:
    return sum(one.rows for one in sums)
