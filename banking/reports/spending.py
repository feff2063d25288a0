"""Income, spending and net income of a period, by category (docs/numbers.md)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from banking.ledger.models import SPENDING, CategoryTree, Kind
from banking.money.periods import Period
from banking.reports.category_totals import CategoryTotal, totals_by_category
from banking.reports.period_summary import PeriodSummary, summarize
from banking.reports.transaction_filter import TransactionFilter

ZERO, HUNDREDTH = Decimal(0), Decimal("0.01")
HOME_CURRENCY = "BRL"


@dataclass(frozen=True)
class CategoryLine:
    """A category. `total` is positive for money spent under spending, and for money received under income."""

    category_id: str
    name: str
    total: Decimal
    transaction_count: int
    share: Decimal  # percent of all spending or income, 0 if it is not known
    direct_only: bool = False  # the transactions directly in a top-level category that also has others
    lines: tuple["CategoryLine", ...] = ()


@dataclass(frozen=True)
class KindLine:
    """Transactions of a kind that is neither income nor spending."""

    kind: str
    total: Decimal  # sum of signed amounts
    transaction_count: int


@dataclass(frozen=True)
class SpendingFigures:
    """The figures of one currency; currencies are never added together."""

    currency: str
    income: Decimal
    income_count: int
    spending: Decimal
    spending_count: int
    spending_lines: tuple[CategoryLine, ...] = ()
    income_lines: tuple[CategoryLine, ...] = ()
    uncounted: tuple[KindLine, ...] = ()

    @property
    def net_income(self) -> Decimal:
        return self.income - self.spending

    @property
    def net_income_count(self) -> int:
        return self.income_count + self.spending_count

    @property
    def has_transactions(self) -> bool:
        return bool(self.net_income_count) or any(line.transaction_count for line in self.uncounted)

    @property
    def savings_rate(self) -> Decimal | None:
        """Return the net income in percent of the income; None without income."""
        return self.net_income / self.income * 100 if self.income > 0 else None


@dataclass(frozen=True)
class SpendingReport:
    period: Period
    figures: tuple[SpendingFigures, ...]  # by currency, the home currency first; never empty
    since: date | None  # the date of the user's first transaction
    pending: int  # pending transactions of the period

    @property
    def main(self) -> SpendingFigures:
        return self.figures[0]


def spending_report(filters: TransactionFilter, tree: CategoryTree) -> SpendingReport:
    """Return the report. Two queries."""
    return report_of(filters, totals_by_category(filters, tree), tree, summarize(filters, tree))


def report_of(
    filters: TransactionFilter,
    totals: Iterable[CategoryTotal],
    tree: CategoryTree,
    summary: PeriodSummary,
) -> SpendingReport:
    """Return the report from totals and summary that were loaded already."""
    return SpendingReport(filters.period, figures_of(totals, tree), summary.since, summary.pending)


def figures(filters: TransactionFilter, tree: CategoryTree) -> tuple[SpendingFigures, ...]:
    """Return the figures by currency, the home currency first."""
    return figures_of(totals_by_category(filters, tree), tree)


def figures_of(totals: Iterable[CategoryTotal], tree: CategoryTree) -> tuple[SpendingFigures, ...]:
    by_currency: dict[str, list[CategoryTotal]] = defaultdict(list, {HOME_CURRENCY: []})
    for total in totals:
        by_currency[total.currency].append(total)
    return tuple(
        _figures(currency, by_currency[currency], tree) for currency in home_currency_first(by_currency)
    )


def home_currency_first(currencies: Iterable[str]) -> list[str]:
    return sorted(currencies, key=lambda currency: (currency != HOME_CURRENCY, currency))


def _figures(currency: str, totals: list[CategoryTotal], tree: CategoryTree) -> SpendingFigures:
    spent = [total._replace(total=-total.total) for total in totals if total.kind in SPENDING]
    received = [total for total in totals if total.kind == Kind.INCOME]
    return SpendingFigures(
        currency=currency,
        income=_sum(received),
        income_count=_count(received),
        spending=_sum(spent),
        spending_count=_count(spent),
        spending_lines=_lines(spent, tree),
        income_lines=_lines(received, tree),
        uncounted=_uncounted(totals),
    )


def _lines(totals: list[CategoryTotal], tree: CategoryTree) -> tuple[CategoryLine, ...]:
    """Return two levels of categories, the largest first."""
    by_root: dict[str, list[CategoryTotal]] = defaultdict(list)
    for total in totals:
        by_root[tree.root(total.category_id)].append(total)
    whole = sum((max(_sum(of_root), ZERO) for of_root in by_root.values()), ZERO)
    return _sorted(_root_line(root, of_root, whole, tree) for root, of_root in by_root.items())


def _root_line(root: str, totals: list[CategoryTotal], whole: Decimal, tree: CategoryTree) -> CategoryLine:
    """Return the line of a top-level category; its total is that of the lines below it."""
    by_child: dict[str, list[CategoryTotal]] = defaultdict(list)
    for total in totals:
        by_child[tree.second_level(total.category_id)].append(total)
    children = _sorted(
        _line(child, of_child, whole, tree, direct_only=child == root) for child, of_child in by_child.items()
    )
    is_only_root = len(children) == 1 and children[0].category_id == root
    return _line(root, totals, whole, tree, lines=() if is_only_root else children)


def _line(
    category_id: str,
    totals: list[CategoryTotal],
    whole: Decimal,
    tree: CategoryTree,
    *,
    direct_only: bool = False,
    lines: tuple[CategoryLine, ...] = (),
) -> CategoryLine:
    total = _sum(totals)
    share = share_of(total, whole)
    name = tree.name(category_id)
    return CategoryLine(category_id, name, total, _count(totals), share, direct_only, lines)


def share_of(total: Decimal, whole: Decimal) -> Decimal:
    """Return the share in percent, rounded to two decimals; 0 if it is not known."""
    return (total / whole * 100).quantize(HUNDREDTH) if whole and total > 0 else ZERO


def _uncounted(totals: list[CategoryTotal]) -> tuple[KindLine, ...]:
    kinds = [kind for kind in Kind if kind not in {*SPENDING, Kind.INCOME}]
    by_kind = {kind: [total for total in totals if total.kind == kind] for kind in kinds}
    return tuple(
        KindLine(kind.value, _sum(of_kind), _count(of_kind)) for kind, of_kind in by_kind.items() if of_kind
    )


def _sorted(lines: Iterable[CategoryLine]) -> tuple[CategoryLine, ...]:
    return tuple(sorted(lines, key=lambda line: (-line.total, line.name)))


def _sum(totals: Iterable[CategoryTotal]) -> Decimal:
    return sum((total.total for total in totals), ZERO)


def _count(totals: Iterable[CategoryTotal]) -> int:
    return sum(total.transaction_count for total in totals)
