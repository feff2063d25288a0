"""Sums of flow by currency, category and kind: whole months from the rollup, their ends from the rows."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, IntegerField, QuerySet, Sum, Value

from banking.models import CategoryTree, MonthTotal
from banking.periods import Period
from banking.reports.scope import Scope


class Group(NamedTuple):
    currency: str
    category_id: str
    kind: str
    total: Decimal
    rows: int


def groups(scope: Scope, tree: CategoryTree) -> list[Group]:
    return groups_of(scope, tree, (scope.period,))[scope.period]


def groups_of(scope: Scope, tree: CategoryTree, periods: Iterable[Period]) -> dict[Period, list[Group]]:
    """Of each of the periods in place of the scope's own. One query; a range costs its ends only.

    A group may come twice, of the months and of the ends.
    """
    found: dict[Period, list[Group]] = {period: [] for period in periods}
    known = list(found)
    pieces = [
        _piece(replace(scope, period=piece), tree, place)
        for place, period in enumerate(known)
        for piece in period.pieces
    ]
    # One plain query, so that each piece keeps to its own index.
    for *group, place in pieces[0].union(*pieces[1:], all=True):
        found[known[place]].append(Group(*group))
    return found


def _piece(scope: Scope, tree: CategoryTree, place: int) -> QuerySet[Any, tuple[Any, ...]]:
    """Both ways count the same rows. The last column says of which period."""
    of = Value(place, IntegerField())
    if scope.period.is_whole_months:
        months = MonthTotal.objects.of(scope.user).filter(scope.months())
        by_month = months.order_by().values_list("currency", "category_id", "kind")
        return by_month.annotate(sum=Sum("total"), n=Sum("rows"), of=of)
    by_row = scope.rows(tree).order_by().values_list("flow_currency", "category_id", "kind")
    return by_row.annotate(sum=Sum("flow"), n=Count("id"), of=of)
