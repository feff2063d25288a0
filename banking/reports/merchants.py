"""Spending by merchant: shops, companies and people, the largest first."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, Max, QuerySet, Sum

from banking.ledger.merchants import merchant_key, merchant_name
from banking.ledger.models import CategoryTree
from banking.money.periods import Period
from banking.reports.spending import HOME_CURRENCY, home_currency_first, share_of
from banking.reports.transaction_filter import TransactionFilter

MAX_SHOWN = 50
ZERO = Decimal(0)


@dataclass(frozen=True)
class MerchantLine:
    """A merchant. `total` is what was spent there; negative if more came back."""

    key: str
    name: str
    total: Decimal
    transaction_count: int
    share: Decimal  # percent of all spending, 0 if it is not known


@dataclass(frozen=True)
class MerchantFigures:
    """The figures of one currency."""

    currency: str
    total: Decimal
    transaction_count: int
    lines: tuple[MerchantLine, ...]
    other_count: int  # merchants that are not listed
    other_total: Decimal


@dataclass(frozen=True)
class MerchantReport:
    period: Period
    figures: tuple[MerchantFigures, ...]  # by currency, the home currency first; never empty


class _Total(NamedTuple):
    key: str
    name: str
    total: Decimal
    transaction_count: int


def merchant_report(filters: TransactionFilter, tree: CategoryTree) -> MerchantReport:
    """Return the report. One query over the transactions of the period."""
    by_currency: dict[str, list[_Total]] = defaultdict(list, {HOME_CURRENCY: []})
    for currency, key, name, total, count in _totals(filters.replace(measure="spending"), tree):
        by_currency[currency].append(_Total(key, name, -total, count))
    return MerchantReport(
        filters.period,
        tuple(_figures(currency, by_currency[currency]) for currency in home_currency_first(by_currency)),
    )


def _totals(filters: TransactionFilter, tree: CategoryTree) -> QuerySet[Any, tuple[Any, ...]]:
    transactions = filters.transactions(tree).order_by().annotate(key=merchant_key())
    by_key = transactions.values_list("signed_amount_currency", "key")
    return by_key.annotate(name=Max(merchant_name()), sum=Sum("signed_amount"), n=Count("id"))


def _figures(currency: str, totals: list[_Total]) -> MerchantFigures:
    ordered = sorted(totals, key=lambda merchant: (-merchant.total, merchant.key))
    whole = _sum(merchant for merchant in ordered if merchant.total > 0)
    others = ordered[MAX_SHOWN:]
    return MerchantFigures(
        currency=currency,
        total=_sum(ordered),
        transaction_count=sum(merchant.transaction_count for merchant in ordered),
        lines=tuple(
            MerchantLine(*merchant, share_of(merchant.total, whole)) for merchant in ordered[:MAX_SHOWN]
        ),
        other_count=len(others),
        other_total=_sum(others),
    )


def _sum(totals: Iterable[_Total]) -> Decimal:
    return sum((merchant.total for merchant in totals), ZERO)
