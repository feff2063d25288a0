"""Totals by currency, category and kind: of whole months from MonthlyTotal, of other dates from transactions."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, IntegerField, QuerySet, Sum, Value

from banking.ledger.models import CategoryTree, MonthlyTotal
from banking.money.periods import Period
from banking.reports.transaction_filter import TransactionFilter


class CategoryTotal(NamedTuple):
    currency: str
    category_id: str
    kind: str
    total: Decimal  # sum of signed amounts
    transaction_count: int


def totals_by_category(filters: TransactionFilter, tree: CategoryTree) -> list[CategoryTotal]:
    return totals_by_period(filters, tree, (filters.period,))[filters.period]


def totals_by_period(
    filters: TransactionFilter, tree: CategoryTree, periods: Iterable[Period]
) -> dict[Period, list[CategoryTotal]]:
    """Return the totals of each period, in place of the filter's own. One query.

    Whole months come from MonthlyTotal, so a long period costs only the dates at its ends. A category may
    occur twice in the result: once from the months, once from the ends.
    """
    by_period: dict[Period, list[CategoryTotal]] = {period: [] for period in periods}
    ordered = list(by_period)
    queries = [
        _query(filters.replace(period=part), tree, index)
        for index, period in enumerate(ordered)
        for part in period.consecutive_periods
    ]
    # UNION ALL of plain queries, so that each uses its own index.
    for *total, index in queries[0].union(*queries[1:], all=True):
        by_period[ordered[index]].append(CategoryTotal(*total))
    return by_period


def _query(filters: TransactionFilter, tree: CategoryTree, index: int) -> QuerySet[Any, tuple[Any, ...]]:
    """Return the query of one part of a period; the last column is the index of the period."""
    of = Value(index, IntegerField())
    if filters.has_monthly_totals:
        months = MonthlyTotal.objects.of(filters.user).filter(filters.monthly_condition())
        monthly = months.order_by().values_list("currency", "category_id", "kind")
        return monthly.annotate(sum=Sum("total"), n=Sum("transaction_count"), of=of)
    transactions = filters.transactions(tree).order_by()
    by_category = transactions.values_list("signed_amount_currency", "category_id", "kind")
    return by_category.annotate(sum=Sum("signed_amount"), n=Count("id"), of=of)
