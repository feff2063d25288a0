"""Months, days and card cycles."""

import datetime as dt
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass


def days(start: dt.date, until: dt.date) -> Iterator[dt.date]:
    """Every day, both ends included."""
    for step in range((until - start).days + 1):
        yield start + dt.timedelta(days=step)


def days_of(month: dt.date) -> Iterator[dt.date]:
    """Every day of a month given by its first."""
    return days(month, month.replace(day=monthrange(month.year, month.month)[1]))


def months(start: dt.date, until: dt.date) -> Iterator[dt.date]:
    """The first of every month that has a day between the two, both included."""
    month = first_of_month(start)
    while month <= until:
        yield month
        month = first_of_month(month, 1)


def first_of_month(day: dt.date, months: int = 0) -> dt.date:
    """The first day of the month that many months away."""
    index = day.year * 12 + day.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, 1)


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of another month; only for days every month has."""
    return first_of_month(day, months).replace(day=day.day)


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """A local time of a day."""
    return dt.datetime.combine(day, dt.time(hour, minute))


@dataclass(frozen=True)
class Cycle:
    """When a card's bill closes and is to be paid; a due day before the closing day is next month's."""

    closing_day: int = 10
    due_day: int = 17

    def closing(self, day: dt.date) -> dt.date:
        """The closing date of the bill that carries a purchase of this day."""
        month = day if day.day <= self.closing_day else first_of_month(day, 1)
        return month.replace(day=self.closing_day)

    def opening(self, closing: dt.date) -> dt.date:
        """The first day of the bill that closes then."""
        return add_months(closing, -1) + dt.timedelta(days=1)

    def due(self, closing: dt.date) -> dt.date:
        """When the bill of a closing date is to be paid."""
        month = closing if self.due_day > self.closing_day else first_of_month(closing, 1)
        return month.replace(day=self.due_day)
