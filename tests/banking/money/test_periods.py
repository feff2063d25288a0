"""Periods: how a query string is parsed."""

from datetime import date

import pytest

from banking.money.periods import BadPeriod, Month, Period

TODAY = date(2026, 11, 20)


def parse(**query: str) -> Period:
    return Period.parse(query, today=TODAY)


def test_empty_query_is_this_month() -> None:
    assert parse() == Period(date(2026, 11, 1), date(2026, 11, 30))


def test_month_is_parsed() -> None:
    assert parse(month="2024-02") == Period(date(2024, 2, 1), date(2024, 2, 29))


def test_range_may_be_open_on_either_side() -> None:
    assert parse(**{"from": "2026-01-15"}) == Period(date(2026, 1, 15), TODAY)
    assert parse(to="2026-03-10") == Period(date(2026, 3, 1), date(2026, 3, 10))


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"month": "2026-13"}, "month"),
        ({"month": "²026-11"}, "month"),
        ({"month": "hello"}, "month"),
        ({"month": "2026-" + "1" * 5000}, "month"),
        ({"from": "9999-12-01", "to": "9999-12-31"}, "date"),
        ({"from": "tomorrow"}, "date"),
        ({"from": "2026-02-30"}, "date"),
        ({"from": "2026-05-02", "to": "2026-05-01"}, "reversed"),
        ({"from": "1960-01-01", "to": "2026-05-01"}, "too long"),
    ],
)
def test_unreadable_period_is_refused_with_a_reason(query: dict[str, str], reason: str) -> None:
    with pytest.raises(BadPeriod) as caught:
        parse(**query)
    assert caught.value.reason == reason


def test_period_is_parsed_from_its_own_query() -> None:
    for period in (parse(month="2026-02"), parse(**{"from": "2026-01-15", "to": "2026-02-03"})):
        assert Period.parse(period.query, today=TODAY) == period


def test_adding_months_crosses_the_year() -> None:
    assert Month(2026, 12) + 1 == Month(2027, 1)
    assert Month(2026, 1) + -1 == Month(2025, 12)


def test_whole_months_are_recognized() -> None:
    assert parse(**{"from": "2026-01-01", "to": "2026-03-31"}).is_whole_months
    assert not parse(**{"from": "2026-01-01", "to": "2026-03-30"}).is_whole_months
