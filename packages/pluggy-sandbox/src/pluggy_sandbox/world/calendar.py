"""Months, days and the billing cycles of cards."""

import datetime as dt
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass


def days(start: dt.date, until: dt.date) -> Iterator[dt.date]:
    """Yield every day of a range; both ends are included."""
    for step in range((until - start).days + 1):
        yield start + dt.timedelta(days=step)


def days_of(month: dt.date) -> Iterator[dt.date]:
    """Yield every day of a month given by its first day."""
    return days(month, month.replace(day=monthrange(month.year, month.month)[1]))


def months(start: dt.date, until: dt.date) -> Iterator[dt.date]:
    """Yield the first day of every month that has a day in the range; both ends are included."""
    month = first_of_month(start)
    while month <= until:
        yield month
        month = first_of_month(month, 1)


def first_of_month(day: dt.date, months: int = 0) -> dt.date:
    """Return the first day of the month that is this many months away."""
    index = day.year * 12 + day.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, 1)


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the same day of another month; only for days that every month has."""
    return first_of_month(day, months).replace(day=day.day)


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """Return a local time of a day."""
    return dt.datetime.combine(day, dt.time(hour, minute))


@dataclass(frozen=True)
class BillingCycle:
    """The days when a card's bill closes and is due.

    A due day before the closing day is in the next month.
    """

    closing_day: int = 10
    due_day: int = 17

    def closing(self, day: dt.date) -> dt.date:
        """Return the closing date of the bill that a purchase of this day belongs to."""
        month = day if day.day <= self.closing_day else first_of_month(day, 1)
        return month.replace(day=self.closing_day)

    def opening(self, closing: dt.date) -> dt.date:
        """Return the first day of the bill with this closing date."""
        return add_months(closing, -1) + dt.timedelta(days=1)

    def due(self, closing: dt.date) -> dt.date:
        """Return the due date of the bill with this closing date."""
        month = closing if self.due_day > self.closing_day else first_of_month(closing, 1)
        return month.replace(day=self.due_day)
