"""What the first page says beside its figures: from when to when there are rows, and what waits."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet, Subquery

from accounts.models import User
from banking.models import CategoryTree, Transaction
from banking.reports import suggestions
from banking.reports.scope import Scope


@dataclass(frozen=True)
class Glance:
    since: date | None  # the person's oldest row
    newest: date | None
    pending: int  # rows of the period that are not final yet
    asked: int  # pairs that wait for an answer


def glance(scope: Scope, tree: CategoryTree) -> Glance:
    """One query."""
    days = Transaction.objects.of(scope.user).live().values("local_date")
    since, newest, pending, asked = (
        User.objects.filter(id=scope.user.id)
        .values_list(
            Subquery(days.order_by("local_date")[:1]),
            Subquery(days.order_by("-local_date")[:1]),
            _count(scope.rows(tree).filter(status="PENDING")),
            _count(suggestions.asked(scope.user)),
        )
        .get()
    )
    return Glance(since, newest, pending or 0, asked or 0)


def _count(rows: QuerySet) -> Subquery:  # type: ignore[type-arg]
    """Nothing where there are none."""
    return Subquery(rows.order_by().values("user_id").annotate(n=Count("id")).values("n"))
