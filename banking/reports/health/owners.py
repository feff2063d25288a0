"""Whatever belongs to a connection belongs to its person."""

from typing import Any

from django.db.models import F

from banking.models import (
    Account,
    BalanceOnDay,
    Bill,
    HeldDeletion,
    Investment,
    InvestmentTransaction,
    Loan,
    MonthTotal,
    ProductState,
    Reappearance,
    RowChange,
    SyncRun,
    Transaction,
    UnreadableRow,
)
from banking.reports.health.violation import Violation

NAME = "a connection and all that it holds have one owner"
# Each model with what its rows belong to; the item is above that, or is that.
PLACES: tuple[tuple[Any, str], ...] = (
    (Account, "item"),
    (Transaction, "account"),
    (MonthTotal, "account"),
    (Bill, "account"),
    (Investment, "item"),
    (InvestmentTransaction, "investment"),
    (Loan, "item"),
    (BalanceOnDay, "account"),
    (BalanceOnDay, "investment"),
    (BalanceOnDay, "loan"),
    (ProductState, "item"),
    (SyncRun, "item"),
    (HeldDeletion, "account"),
    (UnreadableRow, "item"),
    (Reappearance, "account"),
    (RowChange, "row__account"),
)


def violations() -> list[Violation]:
    return [one for model, parent in PLACES for one in _of(model, parent)]


def _of(model: Any, parent: str) -> list[Violation]:
    item = "item_id" if parent == "item" else f"{parent}__item_id"
    wrong = model.objects.filter(**{f"{parent}__isnull": False}).exclude(user=F(f"{parent}__user"))
    name = model._meta.verbose_name
    return [Violation(NAME, f"{name} {pk}", item_id) for pk, item_id in wrong.values_list("pk", item)]
