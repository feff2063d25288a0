"""Net worth: what a person has less what they owe, now and over time, per currency (docs/numbers.md, 5)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from uuid import UUID

from django.db.models import Q, Sum
from django.db.models.functions import Abs

from accounts.models import User
from banking.classify import local_date
from banking.models import Account, Investment, Item, Loan, Product, ProductState
from banking.periods import Month
from banking.reports import days
from banking.reports.days import Course
from banking.reports.spending import HOME_CURRENCY

ZERO = Decimal(0)
MONTHS = {"MONTHLY": 1, "BIMONTHLY": 2, "QUARTERLY": 3, "SEMESTERLY": 6, "YEARLY": 12}

AsOf = Mapping[tuple[UUID, str], datetime | None]


class Group(StrEnum):
    """What there is, in the order of the page."""

    ACCOUNTS = "accounts"
    INVESTMENTS = "investments"
    CARDS = "cards"
    LOANS = "loans"


PRODUCTS = {
    Group.ACCOUNTS: Product.ACCOUNTS,
    Group.INVESTMENTS: Product.INVESTMENTS,
    Group.CARDS: Product.CREDIT_CARDS,
    Group.LOANS: Product.LOANS,
}


@dataclass(frozen=True)
class Thing:
    """An account, a card, a position or a loan. What is owed is negative."""

    id: UUID
    group: Group
    name: str
    bank: str
    currency: str
    standing: Decimal | None  # nothing where the bank does not say
    as_of: datetime | None
    missing_since: datetime | None = None  # the bank lists it no longer
    is_present: bool = True  # counts now; what has gone counts in the past


@dataclass(frozen=True)
class Section:
    group: Group
    things: tuple[Thing, ...]

    @property
    def total(self) -> Decimal:
        return sum((one.standing for one in self.things if one.standing), ZERO)


@dataclass(frozen=True)
class Point:
    """The end of a day. Debts are positive."""

    day: date
    assets: Decimal
    debts: Decimal

    @property
    def worth(self) -> Decimal:
        return self.assets - self.debts


@dataclass(frozen=True)
class Debt:
    """A loan with what can be told of its instalments."""

    loan: Loan
    bank: str
    as_of: datetime | None
    next_due_on: date | None


@dataclass(frozen=True)
class Worth:
    """In one currency."""

    currency: str
    sections: tuple[Section, ...]
    loans: tuple[Debt, ...]
    points: tuple[Point, ...]  # the last is now

    @property
    def now(self) -> Point:
        return self.points[-1]


def worth(user: User, *, months: int | None, today: date) -> tuple[Worth, ...]:
    """The home currency first; nothing where there is nothing. Six queries, whatever the history."""
    loans = list(Loan.objects.of(user).select_related("item__connector"))
    things = _things(user, loans)
    at = days.points(user, Q(), months=months, today=today)
    courses = days.courses(user, Q(), at)
    currencies = {one.currency for one in things if one.is_present or one.id in courses}
    order = sorted(currencies, key=lambda currency: (currency != HOME_CURRENCY, currency))
    return tuple(
        _worth(currency, [one for one in things if one.currency == currency], loans, courses, at)
        for currency in order
    )


def now(user: User, accounts: Iterable[Account]) -> dict[str, Decimal]:
    """Today's net worth by currency, of the person's accounts and what else there is. One query."""
    held = Investment.objects.of(user).filter(missing_since=None).exclude(status=Investment.WITHDRAWN)
    owed = Loan.objects.of(user).filter(missing_since=None, outstanding__isnull=False)
    sums = held.order_by().values_list("currency").annotate(sum=Sum("balance"))
    debts = owed.order_by().values_list("currency").annotate(sum=-Sum(Abs("outstanding")))
    found: dict[str, Decimal] = defaultdict(Decimal)
    for currency, total in (
        *((one.currency, one.standing) for one in accounts),
        *sums.union(debts, all=True),
    ):
        found[currency] += total
    return dict(found)


def _worth(
    currency: str,
    things: list[Thing],
    loans: Iterable[Loan],
    courses: Mapping[UUID, Course],
    at: Sequence[date],
) -> Worth:
    present = [one for one in things if one.is_present]
    as_of = {one.id: one.as_of for one in present}
    debts = (one for one in loans if one.id in as_of)
    return Worth(
        currency=currency,
        sections=_sections(present),
        loans=tuple(Debt(one, one.item.connector.name, as_of[one.id], next_due_on(one)) for one in debts),
        points=(*_past(things, courses, at[:-1]), _point(at[-1], (one.standing for one in present))),
    )


def _sections(things: list[Thing]) -> tuple[Section, ...]:
    by_group = {group: tuple(one for one in things if one.group == group) for group in Group}
    return tuple(Section(group, inside) for group, inside in by_group.items() if inside)


def _past(things: list[Thing], courses: Mapping[UUID, Course], at: Sequence[date]) -> Iterable[Point]:
    for place, day in enumerate(at):
        there = (one for one in things if one.id in courses and not _had_gone(one, day))
        yield _point(day, (_signed(one.group, courses[one.id][place]) for one in there))


def _had_gone(one: Thing, day: date) -> bool:
    """What was withdrawn needs no such care: its snapshots say that it came to nothing."""
    return not one.is_present and one.missing_since is not None and local_date(one.missing_since) <= day


def _point(day: date, standings: Iterable[Decimal | None]) -> Point:
    known = [one for one in standings if one is not None]
    return Point(
        day,
        assets=sum((one for one in known if one > 0), ZERO),
        debts=-sum((one for one in known if one < 0), ZERO),
    )


def _signed(group: Group, balance: Decimal | None) -> Decimal | None:
    """Of a snapshot, which is as the bank sends it."""
    owes = balance is not None and group in (Group.CARDS, Group.LOANS)
    return -abs(balance) if balance is not None and owes else balance


def _things(user: User, loans: Iterable[Loan]) -> list[Thing]:
    accounts = Account.objects.of(user).select_related("item__connector")
    investments = Investment.objects.of(user).select_related("item__connector")
    found = chain(map(_account, accounts), map(_investment, investments), map(_loan, loans))
    states = ProductState.objects.of(user).values_list("item_id", "product", "collected_at")
    as_of = {(item, product): at for item, product, at in states}
    return [
        replace(thing, as_of=as_of.get((item.id, PRODUCTS[thing.group])) or item.collected_at)
        for thing, item in found
    ]


def _account(one: Account) -> tuple[Thing, Item]:
    """One that the bank lists no longer counts as it does on the first page: its money may be there."""
    group = Group.CARDS if one.is_card else Group.ACCOUNTS
    missing_since = one.missing_since if one.is_missing else None
    return _thing(one, group, one.label, one.standing, missing_since), one.item


def _investment(one: Investment) -> tuple[Thing, Item]:
    thing = _thing(one, Group.INVESTMENTS, one.name, one.standing, one.missing_since)
    return replace(thing, is_present=one.is_held), one.item


def _loan(one: Loan) -> tuple[Thing, Item]:
    owed = None if one.outstanding is None else -abs(one.outstanding)
    thing = _thing(one, Group.LOANS, one.name, owed, one.missing_since)
    return replace(thing, is_present=one.missing_since is None), one.item


def _thing(
    one: Account | Investment | Loan,
    group: Group,
    name: str,
    standing: Decimal | None,
    missing_since: datetime | None,
) -> Thing:
    return Thing(one.id, group, name, one.item.connector.name, one.currency, standing, None, missing_since)


def next_due_on(loan: Loan) -> date | None:
    """By the first instalment's day and how many are paid; nothing where the bank does not say."""
    months = MONTHS.get(loan.periodicity)
    if months is None or loan.first_due_on is None or loan.instalments_paid is None:
        return None
    if loan.instalments is not None and loan.instalments_paid >= loan.instalments:
        return None
    return (Month.of(loan.first_due_on) + loan.instalments_paid * months).day(loan.first_due_on.day)
