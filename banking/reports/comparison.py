"""What a period is compared with: the same days of the months before, never a part with a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from banking.models import Basis
from banking.periods import Month, Period

AVERAGED_MONTHS = 3
# A smaller change is not worth anybody's attention (per cent, and in the currency).
NOTABLE_PERCENT, NOTABLE_AMOUNT = 10, 50


@dataclass(frozen=True)
class Comparison:
    """Which days stand against which."""

    now: Period | None  # the days of the period that are over; nothing while they cannot be compared
    before: Period
    earlier: tuple[Period, ...]  # what the average is of; only for a month

    @property
    def pair(self) -> tuple[Period, ...]:
        return (self.now, self.before) if self.now else (self.before,)

    @property
    def periods(self) -> tuple[Period, ...]:
        return (*self.pair, *self.earlier)


@dataclass(frozen=True)
class Change:
    """An amount against what it was before; both positive for what their heading says."""

    now: Decimal | None
    before: Decimal

    @property
    def difference(self) -> Decimal | None:
        return None if self.now is None else self.now - self.before

    @property
    def percent(self) -> Decimal | None:
        """Nothing when there is nothing to compare with."""
        if self.difference is None or self.before <= 0:
            return None
        return self.difference / self.before * 100

    @property
    def is_notable(self) -> bool:
        if self.difference is None or self.percent is None:
            return False
        return abs(self.percent) >= NOTABLE_PERCENT and abs(self.difference) >= NOTABLE_AMOUNT


def comparison(period: Period, basis: Basis, *, today: date) -> Comparison:
    """By payment there are no days, so a month that is not over has nothing to be compared."""
    is_over = period.end <= today
    can_be_cut = basis == Basis.COMPETENCE and period.start <= today
    now = period if is_over else Period(period.start, today) if can_be_cut else None
    if period.month is None:
        return Comparison(now, (now or period).before, ())
    whole = now is None or is_over
    earlier = tuple(
        _days(period.month + -back, None if whole else today.day) for back in range(1, AVERAGED_MONTHS + 1)
    )
    return Comparison(now, earlier[0], earlier)


def average(totals: Sequence[Decimal], *, of: int) -> Decimal | None:
    """Of the months that have any rows at all: a history that has just begun is no reason to seem thrifty."""
    return sum(totals, Decimal(0)) / of if of else None


def _days(month: Month, last: int | None) -> Period:
    """The month, or its days up to that one."""
    return Period(month.first, month.last if last is None else month.day(last))
