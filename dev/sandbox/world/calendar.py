"""Months, days and card cycles."""

import datetime as dt
from collections.abc import Iterator

CLOSING_DAY = 10
DUE_DAY = 17


def days(start: dt.date, until: dt.date) -> Iterator[dt.date]:
    """Every day, both ends included."""
    for step in range((until - start).days + 1):
        yield start + dt.timedelta(days=step)


def first_of_month(day: dt.date, months: int = 0) -> dt.date:
    """The first day of the month that many months away."""
    index = day.year * 12 + day.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, 1)


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of another month; only for days every month has."""
    return first_of_month(day, months).replace(day=day.day)


def closing_of(day: dt.date) -> dt.date:
    """The closing date of the bill that carries a purchase of this day."""
    month = day if day.day <= CLOSING_DAY else first_of_month(day, 1)
    return month.replace(day=CLOSING_DAY)


def due_of(closing: dt.date) -> dt.date:
    """When the bill of a closing date is to be paid."""
    return closing.replace(day=DUE_DAY)
