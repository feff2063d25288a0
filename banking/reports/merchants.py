"""Who was paid: spending by shop, company or person, largest first."""

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Count, Max, Sum

from banking.merchants import merchant_key, merchant_name
from banking.models import CategoryTree
from banking.periods import Period
from banking.reports.scope import Scope
from banking.reports.spending import HOME_CURRENCY

SHOWN = 50
ZERO, HUNDREDTH = Decimal(0), Decimal("0.01")


@dataclass(frozen=True)
class Merchant:
    """`total` is what was spent there; below zero, what came back."""

    key: str
    name: str
    total: Decimal
    rows: int
    share: Decimal  # per cent of all that was spent, 0 when it cannot be told


@dataclass(frozen=True)
class Merchants:
    """One currency."""

    currency: str
    total: Decimal
    rows: int
    lines: tuple[Merchant, ...]
    others: int  # merchants that are not shown
    others_total: Decimal


@dataclass(frozen=True)
class Report:
    period: Period
    figures: tuple[Merchants, ...]  # the home currency first; never empty


Found = tuple[str, str, Decimal, int]  # key, name, total, rows


def merchants(scope: Scope, tree: CategoryTree) -> Report:
    """One query over the period's rows."""
    by_currency: dict[str, list[Found]] = defaultdict(list, {HOME_CURRENCY: []})
    for currency, *found in _sums(replace(scope, counts="spending"), tree):
        by_currency[currency].append((found[0], found[1], -found[2], found[3]))
    order = sorted(by_currency, key=lambda currency: (currency != HOME_CURRENCY, currency))
    return Report(scope.period, tuple(_merchants(one, by_currency[one]) for one in order))


def _sums(scope: Scope, tree: CategoryTree):  # type: ignore[no-untyped-def]
    rows = scope.rows(tree).order_by().annotate(key=merchant_key())
    by_key = rows.values_list("flow_currency", "key")
    return by_key.annotate(name=Max(merchant_name()), sum=Sum("flow"), n=Count("id"))


def _merchants(currency: str, found: list[Found]) -> Merchants:
    found.sort(key=lambda one: (-one[2], one[0]))
    total = sum((one[2] for one in found), ZERO)
    whole = sum((max(one[2], ZERO) for one in found), ZERO)
    rest = found[SHOWN:]
    return Merchants(
        currency=currency,
        total=total,
        rows=sum(one[3] for one in found),
        lines=tuple(Merchant(*one, _share(one[2], whole)) for one in found[:SHOWN]),
        others=len(rest),
        others_total=sum((one[2] for one in rest), ZERO),
    )


def _share(total: Decimal, whole: Decimal) -> Decimal:
    return (total / whole * 100).quantize(HUNDREDTH) if whole and total > 0 else ZERO
