"""Money flow: where money came from and where it went, as two sides of equal size."""

from dataclasses import dataclass
from decimal import Decimal

from banking.ledger.models import CategoryTree
from banking.money.periods import Period
from banking.reports.spending import CategoryLine, SpendingFigures, figures
from banking.reports.transaction_filter import TransactionFilter


@dataclass(frozen=True)
class FlowStream:
    """A stream into or out of the middle. `total` has its sign; the width drawn is without it."""

    measure: str  # income, spending or net_income
    total: Decimal
    line: CategoryLine | None = None  # None for net_income


@dataclass(frozen=True)
class MoneyFlow:
    """The flow in one currency.

    On the left income, and categories in which refunds exceed the spending; on the right spending, and net
    income. If more was spent than received, the negative net income is on the left: that money came from
    earlier savings.
    """

    figures: SpendingFigures
    sources: tuple[FlowStream, ...]
    targets: tuple[FlowStream, ...]


@dataclass(frozen=True)
class MoneyFlowReport:
    period: Period
    figures: tuple[MoneyFlow, ...]  # by currency, the home currency first; never empty


def money_flow_report(filters: TransactionFilter, tree: CategoryTree) -> MoneyFlowReport:
    """Return the report. One query."""
    return MoneyFlowReport(
        filters.period, tuple(_money_flow(of_currency) for of_currency in figures(filters, tree))
    )


def _money_flow(figures: SpendingFigures) -> MoneyFlow:
    income = [FlowStream("income", line.total, line) for line in figures.income_lines]
    spending = [FlowStream("spending", line.total, line) for line in figures.spending_lines]
    rest = FlowStream("net_income", figures.net_income)
    gains = [stream for stream in income if stream.total > 0]
    gains += [stream for stream in spending if stream.total < 0]
    losses = [stream for stream in spending if stream.total > 0]
    losses += [stream for stream in income if stream.total < 0]
    return MoneyFlow(
        figures,
        sources=(*gains, *([rest] if rest.total < 0 else [])),
        targets=(*losses, *([rest] if rest.total > 0 else [])),
    )
