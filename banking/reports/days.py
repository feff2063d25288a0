"""What things came to at the days of a chart: each day's snapshots, carried forward until the next one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import DateField, F, Func, IntegerField, Min, Q, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from banking.models import BalanceOnDay
from banking.periods import Month

EACH_DAY = timedelta(days=62)  # a history as short as this is drawn day by day

Course = list[Decimal | None]  # at each point; nothing before the first snapshot


def points(user: User, things: Q, *, months: int | None, today: date) -> tuple[date, ...]:
    """The ends of the last months, or of all (None), and today; single days while there are few."""
    found = BalanceOnDay.objects.of(user).filter(things).aggregate(first=Min("day"))
    first = min(found["first"] or today, today)
    if months is not None:
        first = max(first, (Month.of(today) + -months).last)
    if today - first <= EACH_DAY:
        return tuple(first + timedelta(days=day) for day in range((today - first).days + 1))
    return tuple(_ends_of_months(first, today))


def _ends_of_months(first: date, today: date) -> Iterable[date]:
    month = Month.of(first)
    while month.last < today:
        yield month.last
        month += 1
    yield today


def courses(user: User, things: Q, at: Sequence[date]) -> dict[UUID, Course]:
    """Of each thing by its id. One query: the last snapshot of each thing up to each point."""
    days = BalanceOnDay.objects.of(user).filter(things, day__lte=at[-1])
    placed = days.annotate(
        thing=Coalesce("account_id", "investment_id", "loan_id"), place=place_of("day", at)
    )
    last = placed.order_by("thing", "place", "-day").distinct("thing", "place")
    found: dict[UUID, dict[int, Decimal]] = defaultdict(dict)
    for thing, place, balance in last.values_list("thing", "place", "balance"):
        found[thing][place] = balance
    return {thing: _carried(known, len(at)) for thing, known in found.items()}


def place_of(column: str, at: Sequence[date]) -> Func:
    """Which of the points is the first that is not before the day; as many as there are: after the last."""
    next_days = Value([point + timedelta(days=1) for point in at], ArrayField(DateField()))
    return Func(F(column), next_days, function="width_bucket", output_field=IntegerField())


def _carried(known: dict[int, Decimal], length: int) -> Course:
    course: Course = []
    for place in range(length):
        course.append(known.get(place, course[-1] if course else None))
    return course
