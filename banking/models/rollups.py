"""Derived sums per month, so that a report costs the same whatever the history."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db import models

from accounts.models import User
from banking.models.accounts import Account
from banking.models.categories import Category
from banking.models.kinds import Kind
from banking.models.money import MoneyField
from banking.models.owned import OwnedQuerySet
from banking.models.transactions import Transaction


class Basis(models.TextChoices):
    """In which month a row counts: when it happened, or when it is paid (cards differ)."""

    COMPETENCE = "competence"
    CASH = "cash"


class MonthTotal(models.Model):
    """Sum and count of one (account, currency, basis, month, category, kind); rebuilt, never edited."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    currency = models.CharField(max_length=3)
    basis = models.CharField(max_length=10, choices=Basis)
    month = models.DateField()
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    total = MoneyField(help_text="sum of flow")
    rows = models.IntegerField()

    objects = OwnedQuerySet["MonthTotal"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["account", "basis", "month", "category", "kind", "currency"],
                name="month_total_one_per_group",
            ),
        )
        indexes = (
            models.Index(
                fields=["user", "basis", "month"],
                name="month_total_user_month",
                include=["account", "category", "kind", "currency", "total", "rows"],
            ),
        )

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.category_id} {self.kind} {self.total}"


class Delta(NamedTuple):
    """By how much one group of MonthTotal moves."""

    user_id: int
    account_id: UUID
    currency: str
    basis: str
    month: date
    category_id: str
    kind: str
    total: Decimal
    rows: int

    @classmethod
    def of(cls, row: Transaction, *, sign: int) -> "list[Delta]":
        """What one row counts for, added (1) or taken away (-1); a tombstone counts nowhere."""
        if row.deleted_at:
            return []
        months = ((Basis.COMPETENCE, row.month_competence), (Basis.CASH, row.month_cash))
        return [
            cls(
                row.user_id, row.account_id, row.flow_currency, basis, month, row.category_id, row.kind,
                sign * row.flow, sign,
            )
            for basis, month in months
        ]  # fmt: skip
