"""Balance series for charts: the snapshots of accounts, investments and loans, carried forward.

A snapshot exists for each day on which a balance was read. The value at a date of the chart is that of the last
snapshot up to it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import DateField, F, Func, IntegerField, Min, Q, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from banking.ledger.models import BalanceSnapshot
from banking.money.periods import Month

DAILY_UP_TO = timedelta(days=62)  # a history that is not longer has a value for each day

BalanceSeries = list[Decimal | None]  # one value per date; None before the first snapshot


def chart_dates(user: User, condition: Q, *, months: int | None, today: date) -> tuple[date, ...]:
    """Return the dates of a chart: the ends of the last `months` months (None: of all), and today.

    A short history has every day. `condition` selects the snapshots that the chart shows.
    """
    oldest = BalanceSnapshot.objects.of(user).filter(condition).aggregate(first=Min("day"))["first"]
    first = min(oldest or today, today)
    if months is not None:
        first = max(first, (Month.of(today) + -months).last)
    if today - first <= DAILY_UP_TO:
        return tuple(first + timedelta(days=past) for past in range((today - first).days + 1))
    return tuple(_month_ends(first, today))


def _month_ends(first: date, today: date) -> Iterable[date]:
    month = Month.of(first)
    while month.last < today:
        yield month.last
        month += 1
    yield today


def series_by_record(user: User, condition: Q, dates: Sequence[date]) -> dict[UUID, BalanceSeries]:
    """Return a series for each account, investment and loan, by id. One query."""
    snapshots = BalanceSnapshot.objects.of(user).filter(condition, day__lte=dates[-1])
    indexed = snapshots.annotate(
        owner=Coalesce("account_id", "investment_id", "loan_id"), index=date_index("day", dates)
    )
    last = indexed.order_by("owner", "index", "-day").distinct("owner", "index")
    known: dict[UUID, dict[int, Decimal]] = defaultdict(dict)
    for owner, index, balance in last.values_list("owner", "index", "balance"):
        known[owner][index] = balance
    return {owner: _carry_forward(balances, len(dates)) for owner, balances in known.items()}


def date_index(column: str, dates: Sequence[date]) -> Func:
    """Return an expression for the index of the first date that is not before the column's.

    Example: with the month ends January 31 and February 28, a value of February 3 has the index 1.
    """
    next_days = Value([day + timedelta(days=1) for day in dates], ArrayField(DateField()))
    return Func(F(column), next_days, function="width_bucket", output_field=IntegerField())


def _carry_forward(known: Mapping[int, Decimal], length: int) -> BalanceSeries:
    series: BalanceSeries = []
    for index in range(length):
        series.append(known.get(index, series[-1] if series else None))
    return series
