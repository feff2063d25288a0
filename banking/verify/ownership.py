"""Check that everything in a connection belongs to the connection's user."""

from typing import Any

from django.db.models import F

from banking.connections.models import Consent, ProductState, SyncRun
from banking.ledger.models import (
    Account,
    BalanceSnapshot,
    Bill,
    DeletionReview,
    Investment,
    InvestmentTransaction,
    Loan,
    MonthlyTotal,
    QuarantinedRecord,
    Transaction,
    TransactionChange,
    TransactionReplacement,
)
from banking.verify.violation import Violation

NAME = "a connection and everything in it have one owner"
# Each model and the relation to its parent, which is the item or belongs to it.
PARENTS: tuple[tuple[Any, str], ...] = (
    (Account, "item"),
    (Transaction, "account"),
    (MonthlyTotal, "account"),
    (Bill, "account"),
    (Investment, "item"),
    (InvestmentTransaction, "investment"),
    (Loan, "item"),
    (BalanceSnapshot, "account"),
    (BalanceSnapshot, "investment"),
    (BalanceSnapshot, "loan"),
    (ProductState, "item"),
    (Consent, "item"),
    (SyncRun, "item"),
    (DeletionReview, "account"),
    (QuarantinedRecord, "item"),
    (TransactionReplacement, "account"),
    (TransactionChange, "transaction__account"),
)


def violations() -> list[Violation]:
    return [violation for model, parent in PARENTS for violation in _violations_of(model, parent)]


def _violations_of(model: Any, parent: str) -> list[Violation]:
    item = "item_id" if parent == "item" else f"{parent}__item_id"
    wrong = model.objects.filter(**{f"{parent}__isnull": False}).exclude(user=F(f"{parent}__user"))
    name = model._meta.verbose_name
    return [Violation(NAME, f"{name} {pk}", item_id) for pk, item_id in wrong.values_list("pk", item)]
