"""Business days of Brazilian banks: Monday to Friday without national bank holidays.

Banks are also closed on Carnival Monday and Tuesday and on Corpus Christi, which are no national holidays. On the
last business day of a year banks settle with each other but do not serve the public.
"""

from datetime import date, timedelta
from functools import lru_cache

import holidays

SATURDAY = 5
ONE_DAY = timedelta(days=1)
GOOD_FRIDAY = "Good Friday"
# Carnival Monday, Carnival Tuesday and Corpus Christi, counted from Good Friday.
FROM_GOOD_FRIDAY = (timedelta(days=-46), timedelta(days=-45), timedelta(days=62))


def is_business_day(day: date) -> bool:
    return day.weekday() < SATURDAY and day not in bank_holidays(day.year)


def payable_until(due_on: date) -> date:
    """Return the last day on which a bill can be paid without a fine.

    It is the due day, or if banks do not serve the public on it, the next day on which they do. Example: a bill
    due on 31 December 2026, a Thursday, can be paid until Monday, 4 January 2027.
    """
    day = due_on
    while not is_business_day(day) or _is_last_of_year(day):
        day += ONE_DAY
    return day


def _is_last_of_year(day: date) -> bool:
    return add_business_days(day, 1).year > day.year


def add_business_days(day: date, n: int) -> date:
    """Return the n-th business day after the day, before it if n is negative; the day itself if n is 0."""
    step = ONE_DAY if n > 0 else -ONE_DAY
    for _ in range(abs(n)):
        day += step
        while not is_business_day(day):
            day += step
    return day


def business_days_between(a: date, b: date) -> int:
    """Return how many business days there are after the earlier day, up to the later one, in either order.

    Example: from Friday to Tuesday are two, and only one if Monday is a holiday.
    """
    first, last = min(a, b), max(a, b)
    after = (first + timedelta(days=days) for days in range(1, (last - first).days + 1))
    return sum(map(is_business_day, after))


@lru_cache(maxsize=4096)
def days_within(day: date, business_days: int) -> tuple[date, ...]:
    """Return the day and all days that are at most so many business days before or after it, in order."""
    first = last = day
    while business_days_between(first - ONE_DAY, day) <= business_days:
        first -= ONE_DAY
    while business_days_between(day, last + ONE_DAY) <= business_days:
        last += ONE_DAY
    return tuple(first + timedelta(days=days) for days in range((last - first).days + 1))


@lru_cache(maxsize=256)
def bank_holidays(year: int) -> frozenset[date]:
    """Return the days of a year on which banks are closed; some of them may be at a weekend."""
    national = holidays.country_holidays("BR", years=year, language="en_US")
    good_friday = next((day for day, name in national.items() if GOOD_FRIDAY in name), None)
    movable = (good_friday + days for days in FROM_GOOD_FRIDAY) if good_friday else ()
    return frozenset((*national, *movable))
