"""One life told month by month: the same seed tells the same days, a longer telling changes none of them."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import lru_cache

from dev.sandbox.world import bills, episodes, parts, reserves
from dev.sandbox.world.bills import Dues
from dev.sandbox.world.calendar import first_of_month, months
from dev.sandbox.world.life import Life
from dev.sandbox.world.rows import CARD, CHECKING, SAVINGS, ClosedBill, Row

NOTHING_DUE = Dues()
BEGINNING = dt.date(2024, 1, 1)  # before it there is no life; every balance is counted from here
LONG_AGO = first_of_month(BEGINNING, 12)
AHEAD = 2  # months after the current one in which something may already be known


@dataclass(frozen=True)
class Standing:
    """What a life has at the beginning of a month, in cents."""

    checking: int = 384210
    savings: int = 1250000
    card: int = 0  # negative: owed
    pockets: tuple[tuple[str, int], ...] = ()
    dues: Dues = NOTHING_DUE

    def of(self, account: str) -> int:
        """The balance of an account, from the person's side."""
        return {CHECKING: self.checking, SAVINGS: self.savings, CARD: self.card}[account]


@dataclass(frozen=True)
class Month:
    """One month told."""

    rows: tuple[Row, ...]
    bill: ClosedBill
    after: Standing


@dataclass
class Telling:
    """What happened, and is already known to happen, from the first of a month on."""

    rows: list[Row] = field(default_factory=list)
    bills: list[ClosedBill] = field(default_factory=list)


def tell(life: Life, since: dt.date, until: dt.date) -> Telling:
    """Every month with a day between the two, whole, and what is known beyond; the bank filters by moment."""
    telling = Telling()
    for month in months(max(since, BEGINNING), until):
        told = _month(life, month, standing(life, month))
        telling.rows += told.rows
        telling.bills.append(told.bill)
    telling.rows += _ahead(life, until)
    return telling


@lru_cache(maxsize=4096)
def standing(life: Life, month: dt.date) -> Standing:
    """Where a life stands when a month begins."""
    if month <= BEGINNING:
        return Standing()
    before = first_of_month(month, -1)
    if before > LONG_AGO:
        standing(life, first_of_month(month, -12))  # a year at a time: centuries do not pile up calls
    return _month(life, before, standing(life, before)).after


def with_extras(life: Life, telling: Telling, extras: list[tuple[dt.date, int]]) -> Telling:
    """The telling with rows (day, person's cents) that were added to the card by hand: bills carry them."""
    added: dict[dt.date, int] = defaultdict(int)
    for day, cents in extras:
        added[life.bank.cycle.closing(day)] -= cents
    found = []
    for bill in telling.bills:
        found.append(bills.more(life, bill, added[bill.closing]))
        for one, sign in ((bill, 1), (found[-1], -1)):  # a greater rest costs more interest, on the next bill
            for row in bills.settle(life, one):
                if row.account == CARD and not row.is_card_payment:
                    added[life.bank.cycle.closing(row.day)] += sign * row.cents
    paying = {(row.account, row.key): row for bill in found for row in bills.settle(life, bill)}
    was = {(row.account, row.key) for bill in telling.bills for row in bills.settle(life, bill)}
    kept = [paying.pop((row.account, row.key), row) for row in telling.rows]
    missing = [row for name, row in paying.items() if name not in was]
    return Telling(kept + missing, found)


@lru_cache(maxsize=16)
def _month(life: Life, month: dt.date, start: Standing) -> Month:
    rows = episodes.of_month(life, month)
    paying, bill, dues = bills.month(life, month, rows, start.dues)
    rows += paying
    if life.tells("savings"):
        rows += reserves.interest(month, start.savings)
    before = month.replace(day=reserves.DAY)
    checking = start.checking + sum(row.cents for row in rows if row.account == CHECKING and row.day < before)
    rows += reserves.move(life, month, checking, dict(start.pockets) | {SAVINGS: start.savings})
    rows.sort(key=lambda row: row.at)
    return Month(tuple(rows), bill, _after(start, rows, dues, bill))


def _after(start: Standing, rows: list[Row], dues: Dues, bill: ClosedBill) -> Standing:
    moved: dict[str, int] = defaultdict(int)
    pockets = defaultdict(int, start.pockets)
    for row in rows:
        moved[row.account] += row.cents
        if row.pocket:
            pockets[row.pocket] -= row.cents
    return replace(
        start, checking=start.checking + moved[CHECKING], savings=start.savings + moved[SAVINGS],
        card=start.card + moved[CARD] - sum(charge.cents for charge in bill.charges),
        pockets=tuple(sorted(pockets.items())), dues=dues,
    )  # fmt: skip


def _ahead(life: Life, until: dt.date) -> list[Row]:
    """Parts not yet due and payments set for later months; whoever shows them asks when they were known."""
    month = first_of_month(until)
    rows = list(parts.coming(life, month)) if life.tells("parts") and life.bank.parts == "all-at-once" else []
    if life.tells("scheduled"):
        for step in range(1, AHEAD):
            rows += episodes.EPISODES["scheduled"](life, first_of_month(month, step))
    return rows


def opening(life: Life, start: dt.date, account: str) -> int:
    """The person's cents in an account before a month; the bill then open has its charges counted in."""
    start = max(start, BEGINNING)
    cents = standing(life, start).of(account)
    if account != CARD:
        return cents
    return cents - sum(charge.cents for charge in _month(life, start, standing(life, start)).bill.charges)


def pockets(life: Life, now: dt.datetime) -> tuple[tuple[str, int], ...]:
    """What is in each caixinha at a local moment, in cents."""
    month = first_of_month(max(now.date(), BEGINNING))
    found = defaultdict(int, standing(life, month).pockets)
    for row in _month(life, month, standing(life, month)).rows:
        if row.pocket and row.at <= now:
            found[row.pocket] -= row.cents
    return tuple(sorted(found.items()))
