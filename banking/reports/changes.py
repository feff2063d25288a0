"""The key figures against the same days before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.models import User
from banking.models import Account, BalanceOnDay, CategoryTree
from banking.periods import Period
from banking.reports.comparison import Change, Comparison
from banking.reports.spending import Figures, figures_of
from banking.reports.sums import Group


@dataclass(frozen=True)
class Changes:
    """Of one currency."""

    currency: str
    income: Change
    spending: Change
    left_over: Change

    @classmethod
    def of(cls, now: Figures | None, before: Figures) -> "Changes":
        return cls(
            before.currency,
            income=Change(now.income if now else None, before.income),
            spending=Change(now.spending if now else None, before.spending),
            left_over=Change(now.left_over if now else None, before.left_over),
        )


def changes(
    groups: Mapping[Period, list[Group]], compared: Comparison, tree: CategoryTree
) -> tuple[Changes, ...]:
    """Of the currencies that had rows before."""
    before = figures_of(groups[compared.before], tree)
    if compared.now is None:
        return tuple(Changes.of(None, one) for one in before)
    now = {one.currency: one for one in figures_of(groups[compared.now], tree)}
    (nothing,) = figures_of([], tree)
    return tuple(Changes.of(now.get(one.currency, nothing), one) for one in before)


def balances_on(user: User, accounts: Iterable[Account], day: date) -> dict[str, Decimal]:
    """In bank accounts at the end of that day, by currency; none for one with an account unknown then."""
    banks = [one for one in accounts if not one.is_card]
    days = BalanceOnDay.objects.of(user).filter(account__in=banks, day__lte=day)
    latest = days.order_by("account_id", "-day").distinct("account_id").values_list("account_id", "balance")
    then = dict(latest)
    by_currency: dict[str, list[Decimal | None]] = {}
    for one in banks:
        by_currency.setdefault(one.currency, []).append(then.get(one.id))
    return {
        currency: sum((one for one in known if one is not None), Decimal(0))
        for currency, known in by_currency.items()
        if None not in known
    }
