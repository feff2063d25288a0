"""The rows behind a figure: newest first, in pages, with the totals of the whole filtered set."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Q, Sum

from banking.models import CategoryTree, Reappearance, Transaction
from banking.reports.scope import Scope

PAGE = 100


class BadCursor(ValueError):
    """`before` is not a place in the list."""


@dataclass(frozen=True)
class Total:
    """Of all rows that the filter finds, in one currency."""

    currency: str
    flow: Decimal
    rows: int


@dataclass(frozen=True)
class Listing:
    rows: tuple[Transaction, ...]
    totals: tuple[Total, ...]
    next: str | None  # the cursor of the next page

    @property
    def count(self) -> int:
        return sum(total.rows for total in self.totals)


def listing(scope: Scope, tree: CategoryTree, *, before: str = "") -> Listing:
    """Two queries and one for related names, whatever the page."""
    found = scope.rows(tree)
    page = list(_after(found, before).select_related("account__item__connector", "category")[: PAGE + 1])
    totals = found.order_by().values_list("flow_currency").annotate(sum=Sum("flow"), n=Count("id"))
    return Listing(
        rows=tuple(page[:PAGE]),
        totals=tuple(Total(*row) for row in totals.order_by("flow_currency")),
        next=_cursor(page[PAGE - 1]) if len(page) > PAGE else None,
    )


def recent(scope: Scope, tree: CategoryTree, *, limit: int) -> tuple[Transaction, ...]:
    rows = _after(scope.rows(tree), "").select_related("account__item__connector", "category")
    return tuple(rows[:limit])


def _after(rows, before: str):  # type: ignore[no-untyped-def]
    rows = rows.order_by("-local_date", "-id")
    if not before:
        return rows
    day, _, row_id = before.partition("_")
    try:
        last_day, last_id = date.fromisoformat(day), UUID(row_id)
    except ValueError:
        raise BadCursor(before) from None
    return rows.filter(Q(local_date__lt=last_day) | Q(local_date=last_day, id__lt=last_id))


def _cursor(row: Transaction) -> str:
    return f"{row.local_date.isoformat()}_{row.id}"


def perhaps(row: Transaction) -> list[Transaction]:
    """Rows that went, as which this one may have come back: for the person to say."""
    offers = Reappearance.objects.offered().filter(came_id=row.id)
    gone = Transaction.objects.filter(id__in=offers.values("gone_id"), user_id=row.user_id)
    return list(gone.exclude(deleted_at=None).select_related("person_category"))
