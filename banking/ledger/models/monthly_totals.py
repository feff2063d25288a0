"""Monthly totals, so that a report costs the same however long the history is."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db import models

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.ledger.models.accounts import Account
from banking.ledger.models.categories import Category
from banking.ledger.models.kinds import Kind
from banking.ledger.models.transactions import Transaction
from banking.money.fields import MoneyField


class Basis(models.TextChoices):
    """The month in which a transaction counts: when it happened, or when it is paid (on cards they differ)."""

    ACCRUAL = "accrual"
    CASH = "cash"


class MonthlyTotal(models.Model):
    """Sum and count of the transactions of one account, currency, basis, month, category and kind.

    Derived: see banking/ledger/monthly_totals.py.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    currency = models.CharField(max_length=3)
    basis = models.CharField(max_length=10, choices=Basis)
    month = models.DateField()
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    total = MoneyField(help_text="sum of signed_amount")
    transaction_count = models.IntegerField()

    objects = OwnedQuerySet["MonthlyTotal"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["account", "basis", "month", "category", "kind", "currency"],
                name="monthly_total_one_per_group",
            ),
        )
        indexes = (
            models.Index(
                fields=["user", "basis", "month"],
                name="monthly_total_user_month",
                include=["account", "category", "kind", "currency", "total", "transaction_count"],
            ),
        )

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.category_id} {self.kind} {self.total}"


class MonthlyTotalDelta(NamedTuple):
    """A change of a MonthlyTotal."""

    user_id: int
    account_id: UUID
    currency: str
    basis: str
    month: date
    category_id: str
    kind: str
    total: Decimal
    transaction_count: int

    @classmethod
    def of(cls, transaction: Transaction, *, sign: int) -> "list[MonthlyTotalDelta]":
        """Return what a transaction adds to the totals (sign 1), or takes away (-1); a tombstone: nothing."""
        if transaction.deleted_at:
            return []
        return [
            cls(
                user_id=transaction.user_id,
                account_id=transaction.account_id,
                currency=transaction.signed_amount_currency,
                basis=basis,
                month=month,
                category_id=transaction.category_id,
                kind=transaction.kind,
                total=sign * transaction.signed_amount,
                transaction_count=sign,
            )
            for basis, month in (
                (Basis.ACCRUAL, transaction.accrual_month),
                (Basis.CASH, transaction.cash_month),
            )
        ]
