"""Business days of banks in Brazil, against the calendars that the banks publish."""

from datetime import date, timedelta

import pytest

from banking.money.business_days import (
    add_business_days,
    bank_holidays,
    business_days_between,
    days_within,
    is_business_day,
    payable_until,
)

# The list of ANBIMA (anbima.com.br/feriados/feriados.asp) for these years. Its editions before 2024 lack
# November 20, a national holiday since Lei 14.759/2023. Febraban's lists of 2024 to 2026 have the same days.
FIXED = ("01-01", "04-21", "05-01", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25")
MOVABLE = {  # Carnival Monday and Tuesday, Good Friday, Corpus Christi
    2024: ("02-12", "02-13", "03-29", "05-30"),
    2025: ("03-03", "03-04", "04-18", "06-19"),
    2026: ("02-16", "02-17", "04-03", "06-04"),
    2027: ("02-08", "02-09", "03-26", "05-27"),
    2028: ("02-28", "02-29", "04-14", "06-15"),
    2029: ("02-12", "02-13", "03-30", "05-31"),
    2030: ("03-04", "03-05", "04-19", "06-20"),
}


def easter(year: int) -> date:
    """Compute the Sunday after the first ecclesiastical full moon of spring, by the tables of the calendar."""
    golden_number, century = year % 19 + 1, year // 100 + 1
    skipped_leap_days, moon_correction = 3 * century // 4 - 12, (8 * century + 5) // 25 - 5
    sunday = 5 * year // 4 - skipped_leap_days - 10
    epact = (11 * golden_number + 20 + moon_correction - skipped_leap_days) % 30
    epact += epact == 24 or (epact == 25 and golden_number > 11)
    full_moon = 44 - epact if epact < 24 else 74 - epact
    return date(year, 3, 1) + timedelta(days=full_moon + 6 - (sunday + full_moon) % 7)


@pytest.mark.parametrize("year", MOVABLE)
def test_holidays_are_those_of_the_published_calendar(year: int) -> None:
    published = {date.fromisoformat(f"{year}-{day}") for day in (*FIXED, *MOVABLE[year])}
    assert bank_holidays(year) == published
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    closed = {day for day in days if day.weekday() >= 5} | published
    assert [day for day in days if is_business_day(day)] == [day for day in days if day not in closed]


@pytest.mark.parametrize("year", range(2024, 2061))
def test_movable_holidays_follow_easter(year: int) -> None:
    fixed = {date.fromisoformat(f"{year}-{day}") for day in FIXED}
    movable = {easter(year) + timedelta(days=days) for days in (-48, -47, -2, 60)}
    assert bank_holidays(year) == fixed | movable


def test_zumbi_day_is_a_holiday_since_2024() -> None:
    assert is_business_day(date(2023, 11, 20))
    assert not is_business_day(date(2026, 11, 20))


@pytest.mark.parametrize(
    ("a", "b", "days"),
    [
        ("2026-10-30", "2026-11-03", 1),  # Friday, All Souls' Day on Monday, Tuesday
        ("2026-10-02", "2026-10-06", 2),  # Friday, Tuesday
        ("2026-10-03", "2026-10-05", 1),  # Saturday, Monday
        ("2026-10-03", "2026-10-04", 0),
        ("2026-10-05", "2026-10-05", 0),
        ("2026-02-13", "2026-02-18", 1),  # over Carnival
        ("2026-04-02", "2026-04-06", 1),  # over Easter
        ("2026-12-30", "2027-01-04", 2),  # over New Year
    ],
)
def test_business_days_between_two_days_in_either_order(a: str, b: str, days: int) -> None:
    first, last = date.fromisoformat(a), date.fromisoformat(b)
    assert business_days_between(first, last) == business_days_between(last, first) == days


@pytest.mark.parametrize(
    ("day", "n", "result"),
    [
        ("2026-10-30", 1, "2026-11-03"),
        ("2026-11-03", -1, "2026-10-30"),
        ("2026-10-31", 1, "2026-11-03"),
        ("2026-11-01", 0, "2026-11-01"),
        ("2026-02-13", 3, "2026-02-20"),
    ],
)
def test_business_days_are_added_and_taken_away(day: str, n: int, result: str) -> None:
    assert add_business_days(date.fromisoformat(day), n) == date.fromisoformat(result)


@pytest.mark.parametrize(
    ("due_on", "until"),
    [
        ("2026-11-03", "2026-11-03"),
        ("2026-10-31", "2026-11-03"),  # Saturday, before All Souls' Day on a Monday
        ("2026-02-18", "2026-02-18"),  # Ash Wednesday: banks open at noon
        ("2026-12-30", "2026-12-30"),
        ("2026-12-31", "2027-01-04"),  # the last business day of the year
        ("2027-12-31", "2028-01-03"),  # a Friday
        ("2028-12-29", "2029-01-02"),  # a Friday: December 31 is a Sunday, and January 1 a holiday
        ("2028-12-31", "2029-01-02"),
        ("2029-12-30", "2030-01-02"),  # a Sunday, before the last business day
        ("2025-12-31", "2026-01-02"),
    ],
)
def test_a_bill_can_be_paid_until_banks_serve_the_public(due_on: str, until: str) -> None:
    """Febraban: bills due on a holiday or on the last business day of the year are paid on the next one."""
    assert payable_until(date.fromisoformat(due_on)) == date.fromisoformat(until)


def test_the_last_day_of_the_year_is_a_business_day_between_banks() -> None:
    """ANBIMA: its list leaves the day out, as banks still settle with each other."""
    assert is_business_day(date(2026, 12, 31))


def test_days_within_some_business_days_are_those_of_the_distance() -> None:
    for offset in range(800):
        day = date(2026, 1, 1) + timedelta(days=offset)
        around = [day + timedelta(days=days) for days in range(-20, 21)]
        expected = [other for other in around if business_days_between(day, other) <= 3]
        assert list(days_within(day, 3)) == expected
        assert max(abs(other - day) for other in expected) <= timedelta(days=9)


@pytest.mark.parametrize("year", [1900, 1990, 2099, 2200])
def test_years_without_a_published_calendar_raise_no_error(year: int) -> None:
    assert business_days_between(date(year, 1, 1), date(year, 12, 31)) > 200
