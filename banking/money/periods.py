"""Months and periods as values, parsed from query strings. No clock, no database."""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

MAX_DAYS = 366 * 50
EARLIEST, LATEST = 1900, 2200  # years
ALL = "all"


class BadPeriod(ValueError):
    """The period cannot be parsed. `reason` is a code; banking/web/labels has its text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Month":
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Parse `2026-11`. Raises BadPeriod."""
        if len(text) != 7:
            raise BadPeriod("month")
        year, _, number = text.partition("-")
        if not (
            len(year) == 4 and year.isascii() and year.isdigit() and number.isdigit() and number.isascii()
        ):
            raise BadPeriod("month")
        month = cls(int(year), int(number))
        if not (1 <= month.number <= 12 and EARLIEST <= month.year <= LATEST):
            raise BadPeriod("month")
        return month

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    def __add__(self, months: int) -> "Month":
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        return date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])

    def day(self, number: int) -> date:
        """Return that day of the month, or its last day if the month is shorter."""
        return date(self.year, self.number, min(number, self.last.day))


@dataclass(frozen=True)
class Period:
    """A range of dates; both ends belong to it."""

    start: date
    end: date

    @classmethod
    def of_month(cls, month: Month) -> "Period":
        return cls(month.first, month.last)

    @classmethod
    def all(cls) -> "Period":
        """Return the period of all dates that a transaction can have."""
        return cls(date(EARLIEST, 1, 1), date(LATEST, 12, 31))

    @classmethod
    def parse(cls, query: Mapping[str, str], *, today: date) -> "Period":
        """Parse `month=2026-11` or `month=all`, or `from=` and `to=`, of which one may be missing; else this month.

        Raises BadPeriod.
        """
        if query.get("from") or query.get("to"):
            return cls._between(query.get("from", ""), query.get("to", ""), today)
        if query.get("month") == ALL:
            return cls.all()
        if query.get("month"):
            return cls.of_month(Month.parse(query["month"]))
        return cls.of_month(Month.of(today))

    @classmethod
    def _between(cls, start: str, end: str, today: date) -> "Period":
        try:
            last = date.fromisoformat(end) if end else today
            first = date.fromisoformat(start) if start else last.replace(day=1)
        except ValueError:
            raise BadPeriod("date") from None
        if not EARLIEST <= last.year <= LATEST or not EARLIEST <= first.year <= LATEST:
            raise BadPeriod("date")
        if first > last:
            raise BadPeriod("reversed")
        if (last - first).days > MAX_DAYS:
            raise BadPeriod("too long")
        return cls(first, last)

    @property
    def month(self) -> Month | None:
        """Return the month, if the period is exactly one."""
        month = Month.of(self.start)
        return month if self == Period.of_month(month) else None

    @property
    def is_all(self) -> bool:
        return self == Period.all()

    @property
    def is_whole_months(self) -> bool:
        return self.start.day == 1 and (self.end + timedelta(days=1)).day == 1

    @property
    def in_whole_months(self) -> "Period":
        """Return the period from the first day of its first month to the last day of its last month."""
        return Period(Month.of(self.start).first, Month.of(self.end).last)

    @property
    def consecutive_periods(self) -> "tuple[Period, ...]":
        """Cut the period into its whole months, as one period, and the days before and after them."""
        first = Month.of(self.start) if self.start.day == 1 else Month.of(self.start) + 1
        last = Month.of(self.end) if self.end.day == Month.of(self.end).last.day else Month.of(self.end) + -1
        if first > last:
            return (self,)
        ends = (self.start, first.first - timedelta(days=1)), (last.last + timedelta(days=1), self.end)
        return (Period(first.first, last.last), *(Period(*end) for end in ends if end[0] <= end[1]))

    @property
    def before(self) -> "Period":
        """Return the period of the same length just before: in months, if it is whole months, else in days."""
        end = self.start - timedelta(days=1)
        if not self.is_whole_months:
            return Period(end - (self.end - self.start), end)
        months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month
        return Period((Month.of(end) + -months).first, end)

    @property
    def query(self) -> dict[str, str]:
        """Return the query string's parameters of which parse() makes this period."""
        if self.month or self.is_all:
            return {"month": str(self.month or ALL)}
        return {"from": self.start.isoformat(), "to": self.end.isoformat()}
