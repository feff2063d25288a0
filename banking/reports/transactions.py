"""The rows behind a figure: newest first, in pages, with the totals of the whole filtered set."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, DateField, ExpressionWrapper, F, Func, Sum, TextField

from accounts.models import User
from banking.models import Account, CategoryTree, Edit, Reappearance, Rule, Transaction
from banking.models.transactions import TransactionQuerySet
from banking.reports.scope import Scope

PAGE = 50
NEWEST_FIRST = ("-local_date", "-id")
# The same order, but from no index: else PostgreSQL may walk through all days for words that few rows have.
BY_WORDS = (ExpressionWrapper(F("local_date") + 0, output_field=DateField()).desc(), "-id")
RELATED = ("account__item__connector", "category", "rule")  # what a row shows of others


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
    """Two queries, whatever the page; one where the page is all there is."""
    page = _newest(_after(scope.rows(tree), before), PAGE + 1, by_words=scope.is_of_words)
    is_all = not before and len(page) <= PAGE
    return Listing(
        rows=tuple(page[:PAGE]),
        totals=_totals_of(page) if is_all else totals(scope, tree),
        next=_cursor(page[PAGE - 1]) if len(page) > PAGE else None,
    )


def totals(scope: Scope, tree: CategoryTree) -> tuple[Total, ...]:
    """From the rollup where it knows them, so that a long history costs no more than a short one."""
    sums = scope.sums(tree)
    found = (
        scope.rows(tree).values_list("flow_currency").annotate(Sum("flow"), Count("id")).order_by()
        if sums is None
        else sums.values_list("currency").annotate(Sum("total"), Sum("rows")).order_by()
    )
    return tuple(Total(*row) for row in sorted(found) if row[2])


def _totals_of(rows: list[Transaction]) -> tuple[Total, ...]:
    flows: dict[str, list[Decimal]] = {}
    for row in rows:
        flows.setdefault(row.flow_currency, []).append(row.flow)
    return tuple(
        Total(currency, sum(each, Decimal(0)), len(each)) for currency, each in sorted(flows.items())
    )


def recent(scope: Scope, tree: CategoryTree, *, limit: int) -> tuple[Transaction, ...]:
    return tuple(_newest(scope.rows(tree), limit, by_words=scope.is_of_words))


def _newest(rows: TransactionQuerySet, limit: int, *, by_words: bool = False) -> list[Transaction]:
    """Found by the indexes alone, however many there are; what is shown is read of these few."""
    found = rows.order_by(*(BY_WORDS if by_words else NEWEST_FIRST)).values("id")[:limit]
    shown = Transaction.objects.filter(id__in=found).select_related(*RELATED)
    return list(shown.order_by(*NEWEST_FIRST))


def _after(rows: TransactionQuerySet, before: str) -> TransactionQuerySet:
    if not before:
        return rows
    day, _, row_id = before.partition("_")
    try:
        last_day, last_id = date.fromisoformat(day), UUID(row_id)
    except ValueError:
        raise BadCursor(before) from None
    # Said so, the day is where the index is entered, and pages are alike wherever they are.
    return rows.filter(local_date__lte=last_day).exclude(local_date=last_day, id__gte=last_id)


def _cursor(row: Transaction) -> str:
    return f"{row.local_date.isoformat()}_{row.id}"


@dataclass(frozen=True)
class Parts:
    """What the person took out of a row. All amounts are flows."""

    parts: tuple[Transaction, ...]
    whole: Decimal  # as the bank sent it
    left: Decimal  # what the row itself counts

    @property
    def is_too_much(self) -> bool:
        """The bank has made the row smaller since."""
        return self.left * self.whole < 0


def parts_of(row: Transaction) -> Parts:
    parts = tuple(row.parts.live().select_related(*RELATED).order_by("-amount", "id"))
    return Parts(parts, row.flow + sum((part.flow for part in parts), Decimal(0)), row.flow)


def last_edit(user: User, *, now: datetime) -> Edit | None:
    """What the person said of many rows a moment ago, and may take back."""
    return Edit.objects.of(user).undoable(now).order_by("-made_at").first()


def tags_of(user: User) -> list[str]:
    """All tags that the person gave, to choose from."""
    # By account: the few rows that were spoken of have an index of their own.
    own = Transaction.objects.filter(account__in=Account.objects.of(user)).exclude(tags=[])
    each = Func(F("tags"), function="unnest", output_field=TextField())
    given = own.values_list(each, flat=True).union(
        Rule.objects.of(user).order_by().values_list(each, flat=True)
    )
    return sorted(given, key=str.casefold)


def perhaps(row: Transaction) -> list[Transaction]:
    """Rows that went, as which this one may have come back: for the person to say."""
    offers = Reappearance.objects.offered().filter(came_id=row.id)
    gone = Transaction.objects.filter(id__in=offers.values("gone_id"), user_id=row.user_id)
    return list(gone.exclude(deleted_at=None).select_related("person_category"))
