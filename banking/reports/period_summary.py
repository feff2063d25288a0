"""Summary of a period for the overview: first and latest date, pending transactions, open suggestions."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet, Subquery

from accounts.models import User
from banking.ledger.models import CategoryTree, DoubleListing, Transaction
from banking.reports import matches
from banking.reports.transaction_filter import TransactionFilter


@dataclass(frozen=True)
class PeriodSummary:
    since: date | None  # the date of the user's first transaction
    newest: date | None
    pending: int  # pending transactions of the period
    suggested_matches: int  # matches that wait for the user's review
    suggested_listings: int  # money that may be listed twice, which waits for the user's answer


def summarize(filters: TransactionFilter, tree: CategoryTree) -> PeriodSummary:
    """Return the summary. One query."""
    dates = Transaction.objects.of(filters.user).live().values("local_date")
    suggested_listings = DoubleListing.objects.of(filters.user).suggested()
    since, newest, pending, match_count, listing_count = (
        User.objects.filter(id=filters.user.id)
        .values_list(
            Subquery(dates.order_by("local_date")[:1]),
            Subquery(dates.order_by("-local_date")[:1]),
            _count(filters.transactions(tree).filter(status="PENDING")),
            _count(matches.suggested_ids(filters.user)),
            _count(suggested_listings),
        )
        .get()
    )
    return PeriodSummary(since, newest, pending or 0, match_count or 0, listing_count or 0)


def _count(queryset: QuerySet) -> Subquery:  # type: ignore[type-arg]
    """Return a subquery with the count, or null instead of 0."""
    return Subquery(queryset.order_by().values("user_id").annotate(n=Count("id")).values("n"))
