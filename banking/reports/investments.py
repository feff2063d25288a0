"""Investments: the positions by type and issuer, their result, and one position with its movements."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Case, F, Q, Sum, When
from django.db.models.functions import Abs, Coalesce

from accounts.models import User
from banking.ledger.models import Investment, InvestmentTransaction
from banking.reports.balance_series import BalanceSeries, chart_dates, date_index, series_by_record
from banking.reports.spending import home_currency_first

ZERO = Decimal(0)
MAX_MOVEMENTS = 200
OF_INVESTMENTS = Q(investment__isnull=False)
# Movements of money into a position and out of it. Taxes are neither: they reduce the result.
INFLOW_TYPES, OUTFLOW_TYPES = ("BUY",), ("SELL", "INTEREST", "AMORTIZATION")


@dataclass(frozen=True)
class Position:
    """An investment. What is not known is None, never 0."""

    investment: Investment
    bank: str
    share: Decimal  # percent of the portfolio's net value, 0 if it is not known

    @property
    def result(self) -> Decimal | None:
        """Return the result after taxes: net value less the amount paid in, else the profit that the bank sends."""
        investment = self.investment
        if investment.invested is None:
            profit: Decimal | None = investment.profit
            return profit
        result: Decimal = investment.current_value - investment.invested
        return result

    @property
    def result_percent(self) -> Decimal | None:
        return _percent(self.result, self.investment.invested)


@dataclass(frozen=True)
class AllocationSlice:
    """All positions of one type or one issuer. An empty key means that it is not known."""

    key: str
    total: Decimal
    position_count: int
    share: Decimal  # percent


@dataclass(frozen=True)
class ResultPoint:
    """The gain of the positions from the first date of the chart to the end of this day."""

    day: date
    gained: Decimal


@dataclass(frozen=True)
class Portfolio:
    """The investments in one currency."""

    currency: str
    positions: tuple[Position, ...]  # largest first
    ended: tuple[Position, ...]  # withdrawn, or no longer listed by the bank: not in any total
    elsewhere: tuple[Position, ...]  # they count in an account or another connection: not in any total
    by_type: tuple[AllocationSlice, ...]
    by_issuer: tuple[AllocationSlice, ...]
    results: tuple[ResultPoint, ...]

    @property
    def total(self) -> Decimal:
        return sum((position.investment.balance for position in self.positions), ZERO)

    @property
    def with_result(self) -> tuple[Position, ...]:
        return tuple(position for position in self.positions if position.result is not None)

    @property
    def result(self) -> Decimal | None:
        """Return the result of the positions that have a known one; None if none has."""
        known = [position.result for position in self.positions if position.result is not None]
        return sum(known, ZERO) if known else None

    @property
    def result_percent(self) -> Decimal | None:
        """Return the result in percent of the amount paid in, if that is known of all these positions."""
        invested = [position.investment.invested for position in self.with_result]
        known = [amount for amount in invested if amount is not None]
        return _percent(self.result, sum(known, ZERO)) if len(known) == len(invested) else None


def portfolios(user: User, *, months: int | None, today: date) -> tuple[Portfolio, ...]:
    """Return the portfolios by currency, the home currency first; empty without investments. Four queries."""
    by_currency: dict[str, list[Investment]] = defaultdict(list)
    for investment in Investment.objects.of(user).select_related("item__connector"):
        by_currency[investment.currency].append(investment)
    if not by_currency:
        return ()
    dates = chart_dates(user, OF_INVESTMENTS, months=months, today=today)
    series = series_by_record(user, OF_INVESTMENTS, dates)
    paid_in = _paid_in(user, dates)
    return tuple(
        _portfolio(currency, by_currency[currency], series, paid_in, dates)
        for currency in home_currency_first(by_currency)
    )


def _portfolio(
    currency: str,
    investments: Sequence[Investment],
    series: Mapping[UUID, BalanceSeries],
    paid_in: Mapping[UUID, list[Decimal]],
    dates: Sequence[date],
) -> Portfolio:
    held = [investment for investment in investments if investment.is_counted]
    elsewhere = [investment for investment in investments if investment.is_held and investment.counted_as]
    whole = sum((max(investment.balance, ZERO) for investment in held), ZERO)
    gains = [
        _gains(series[investment.id], paid_in[investment.id])
        for investment in investments
        if investment.id in series and investment.counted_as is None
    ]
    return Portfolio(
        currency=currency,
        positions=_positions(held, whole),
        ended=_positions((investment for investment in investments if not investment.is_held), ZERO),
        elsewhere=_positions(elsewhere, ZERO),
        by_type=_allocation(held, whole, lambda investment: investment.type),
        by_issuer=_allocation(held, whole, lambda investment: investment.issuer),
        results=tuple(
            ResultPoint(day, sum((gained[index] for gained in gains), ZERO))
            for index, day in enumerate(dates)
        ),
    )


def _positions(investments: Iterable[Investment], whole: Decimal) -> tuple[Position, ...]:
    positions = (
        Position(investment, investment.item.connector.name, _share(investment.balance, whole))
        for investment in investments
    )
    return tuple(
        sorted(positions, key=lambda position: (-position.investment.balance, position.investment.name))
    )


def _allocation(
    investments: Iterable[Investment], whole: Decimal, key: Callable[[Investment], str]
) -> tuple[AllocationSlice, ...]:
    balances: dict[str, list[Decimal]] = defaultdict(list)
    for investment in investments:
        balances[key(investment)].append(investment.balance)
    slices = (
        AllocationSlice(name, sum(of_key, ZERO), len(of_key), _share(sum(of_key, ZERO), whole))
        for name, of_key in balances.items()
    )
    return tuple(sorted(slices, key=lambda piece: (-piece.total, piece.key)))


def _share(amount: Decimal, whole: Decimal) -> Decimal:
    return amount / whole * 100 if whole and amount > 0 else ZERO


def _percent(result: Decimal | None, base: Decimal | None) -> Decimal | None:
    return result / base * 100 if result is not None and base and base > 0 else None


def _gains(series: BalanceSeries, paid_in: Sequence[Decimal]) -> list[Decimal]:
    """Return what a position has gained up to each date: its value less the first one and later payments.

    Example: values 100, 150 and 155 with 50 paid in before the second date give gains of 0, 0 and 5.
    """
    gains, base = [], None
    for value, paid in zip(series, paid_in, strict=True):
        if base is None:
            base = value  # earlier payments are part of it
        elif value is not None:
            base += paid
        gains.append(ZERO if base is None or value is None else value - base)
    return gains


def _paid_in(user: User, dates: Sequence[date]) -> dict[UUID, list[Decimal]]:
    """Return for each position what was paid in less what was paid out, between one date and the next."""
    movements = InvestmentTransaction.objects.of(user).filter(
        type__in=(*INFLOW_TYPES, *OUTFLOW_TYPES, "TRANSFER"),
        local_date__gt=dates[0],
        local_date__lte=dates[-1],
    )
    is_inflow = Q(movement="CREDIT") | Q(movement="", type__in=INFLOW_TYPES)
    amount = Abs(Coalesce("net_amount", "amount"))
    sums = (
        movements.annotate(index=date_index("local_date", dates))
        .order_by()
        .values_list("investment", "index")
        .annotate(paid=Sum(Case(When(is_inflow, then=amount), default=-amount)))
    )
    paid_in: dict[UUID, list[Decimal]] = defaultdict(lambda: [ZERO] * len(dates))
    for investment_id, index, paid in sums:
        paid_in[investment_id][index] = paid or ZERO
    return paid_in


@dataclass(frozen=True)
class PositionDetail:
    """One position with its movements and its value over time."""

    position: Position
    movements: tuple[InvestmentTransaction, ...]  # the latest
    movement_count: int
    values: tuple[tuple[date, Decimal], ...]  # at the end of days


def position_detail(investment: Investment, *, months: int | None, today: date) -> PositionDetail:
    """Return the position. Four queries."""
    condition = Q(investment=investment)
    dates = chart_dates(investment.user, condition, months=months, today=today)
    series = series_by_record(investment.user, condition, dates).get(investment.id, [])
    movements = investment.transactions.order_by(F("local_date").desc(), "id")
    return PositionDetail(
        position=Position(investment, investment.item.connector.name, ZERO),
        movements=tuple(movements[:MAX_MOVEMENTS]),
        movement_count=movements.count(),
        values=tuple((day, value) for day, value in zip(dates, series, strict=False) if value is not None),
    )
