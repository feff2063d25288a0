"""Investments: what is held, with whom, what it has brought; and one position with its movements."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Case, F, Q, Sum, When
from django.db.models.functions import Abs, Coalesce

from accounts.models import User
from banking.models import Investment, InvestmentTransaction
from banking.reports import days
from banking.reports.days import Course
from banking.reports.spending import HOME_CURRENCY

ZERO = Decimal(0)
LATEST_MOVEMENTS = 200
OF_INVESTMENTS = Q(investment__isnull=False)
# Money that went into a position or came out of it. What the tax office takes comes out of the result.
INTO, OUT_OF = ("BUY",), ("SELL", "INTEREST", "AMORTIZATION")


@dataclass(frozen=True)
class Position:
    """What is not known is None, never 0."""

    investment: Investment
    bank: str
    share: Decimal  # per cent of the portfolio's net value, 0 when it cannot be told

    @property
    def result(self) -> Decimal | None:
        """After taxes: the net value less what was paid in; else what the bank calls its profit."""
        one = self.investment
        result: Decimal | None = one.profit if one.invested is None else one.standing - one.invested
        return result

    @property
    def result_percent(self) -> Decimal | None:
        return _percent(self.result, self.investment.invested)


@dataclass(frozen=True)
class Part:
    """All positions of one type, or of one issuer (empty: not known)."""

    key: str
    total: Decimal
    positions: int
    share: Decimal


@dataclass(frozen=True)
class Point:
    """What the positions have brought from the first point to the end of this day."""

    day: date
    gained: Decimal


@dataclass(frozen=True)
class Portfolio:
    """In one currency."""

    currency: str
    positions: tuple[Position, ...]  # largest first
    ended: tuple[Position, ...]  # withdrawn, or no longer listed by the bank: they count nowhere
    by_type: tuple[Part, ...]
    by_issuer: tuple[Part, ...]
    course: tuple[Point, ...]

    @property
    def total(self) -> Decimal:
        return sum((one.investment.balance for one in self.positions), ZERO)

    @property
    def with_result(self) -> tuple[Position, ...]:
        return tuple(one for one in self.positions if one.result is not None)

    @property
    def result(self) -> Decimal | None:
        """Of the positions whose result is known; nothing if none is."""
        known = [one.result for one in self.positions if one.result is not None]
        return sum(known, ZERO) if known else None

    @property
    def result_percent(self) -> Decimal | None:
        """Of what was paid in, if that is known of every position with a result."""
        paid = [one.investment.invested for one in self.with_result]
        known = [one for one in paid if one is not None]
        return _percent(self.result, sum(known, ZERO)) if len(known) == len(paid) else None


def portfolios(user: User, *, months: int | None, today: date) -> tuple[Portfolio, ...]:
    """The home currency first; nothing where there is nothing. Four queries, whatever the history."""
    by_currency: dict[str, list[Investment]] = defaultdict(list)
    for one in Investment.objects.of(user).select_related("item__connector"):
        by_currency[one.currency].append(one)
    if not by_currency:
        return ()
    at = days.points(user, OF_INVESTMENTS, months=months, today=today)
    courses = days.courses(user, OF_INVESTMENTS, at)
    paid = _paid_in(user, at)
    order = sorted(by_currency, key=lambda currency: (currency != HOME_CURRENCY, currency))
    return tuple(_portfolio(currency, by_currency[currency], courses, paid, at) for currency in order)


def _portfolio(
    currency: str,
    mine: Iterable[Investment],
    courses: Mapping[UUID, Course],
    paid: Mapping[UUID, list[Decimal]],
    at: Sequence[date],
) -> Portfolio:
    mine = list(mine)
    held = [one for one in mine if one.is_held]
    whole = sum((max(one.balance, ZERO) for one in held), ZERO)
    gained = [_gained(courses[one.id], paid[one.id]) for one in mine if one.id in courses]
    return Portfolio(
        currency=currency,
        positions=_positions(held, whole),
        ended=_positions((one for one in mine if not one.is_held), ZERO),
        by_type=_parts(held, whole, lambda one: one.type),
        by_issuer=_parts(held, whole, lambda one: one.issuer),
        course=tuple(Point(day, sum((one[place] for one in gained), ZERO)) for place, day in enumerate(at)),
    )


def _positions(held: Iterable[Investment], whole: Decimal) -> tuple[Position, ...]:
    found = (Position(one, one.item.connector.name, _share(one.balance, whole)) for one in held)
    return tuple(sorted(found, key=lambda one: (-one.investment.balance, one.investment.name)))


def _parts(held: Iterable[Investment], whole: Decimal, key: Callable[[Investment], str]) -> tuple[Part, ...]:
    inside: dict[str, list[Decimal]] = defaultdict(list)
    for one in held:
        inside[key(one)].append(one.balance)
    sums = {name: sum(balances, ZERO) for name, balances in inside.items()}
    found = (Part(name, sums[name], len(inside[name]), _share(sums[name], whole)) for name in inside)
    return tuple(sorted(found, key=lambda part: (-part.total, part.key)))


def _share(amount: Decimal, whole: Decimal) -> Decimal:
    return amount / whole * 100 if whole and amount > 0 else ZERO


def _percent(result: Decimal | None, base: Decimal | None) -> Decimal | None:
    return result / base * 100 if result is not None and base and base > 0 else None


def _gained(course: Course, paid: Sequence[Decimal]) -> list[Decimal]:
    """Value less its first known value, less what was paid in since then: a purchase is no gain."""
    gained, base = [], None
    for value, paid_here in zip(course, paid, strict=True):
        if base is None:
            base = value  # what was paid in before is in it
        elif value is not None:
            base += paid_here
        gained.append(ZERO if base is None or value is None else value - base)
    return gained


def _paid_in(user: User, at: Sequence[date]) -> dict[UUID, list[Decimal]]:
    """By position: what went in less what came out, between one point and the next."""
    moved = InvestmentTransaction.objects.of(user).filter(
        type__in=(*INTO, *OUT_OF, "TRANSFER"), local_date__gt=at[0], local_date__lte=at[-1]
    )
    goes_in = Q(movement="CREDIT") | Q(movement="", type__in=INTO)
    amount = Abs(Coalesce("net_amount", "amount"))
    sums = (
        moved.annotate(place=days.place_of("local_date", at))
        .order_by()
        .values_list("investment", "place")
        .annotate(paid=Sum(Case(When(goes_in, then=amount), default=-amount)))
    )
    found: dict[UUID, list[Decimal]] = defaultdict(lambda: [ZERO] * len(at))
    for investment, place, paid in sums:
        found[investment][place] = paid or ZERO
    return found


@dataclass(frozen=True)
class Story:
    """One position."""

    position: Position
    movements: tuple[InvestmentTransaction, ...]  # the latest
    count: int  # of all its movements
    course: tuple[tuple[date, Decimal], ...]  # its value at the end of days


def story(investment: Investment, *, months: int | None, today: date) -> Story:
    """Four queries."""
    this = Q(investment=investment)
    at = days.points(investment.user, this, months=months, today=today)
    course = days.courses(investment.user, this, at).get(investment.id, [])
    found = investment.transactions.order_by(F("local_date").desc(), "id")
    return Story(
        position=Position(investment, investment.item.connector.name, ZERO),
        movements=tuple(found[:LATEST_MOVEMENTS]),
        count=found.count(),
        course=tuple((day, value) for day, value in zip(at, course, strict=False) if value is not None),
    )
