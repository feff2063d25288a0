"""A user's rules."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.ledger.models.accounts import Account
from banking.ledger.models.categories import Category
from banking.ledger.models.kinds import Kind
from banking.money.fields import MoneyField


class RuleQuerySet(OwnedQuerySet["Rule"]):
    def active(self) -> "RuleQuerySet":
        return self.filter(is_deleting=False)

    def unapplied(self) -> "RuleQuerySet":
        """Return the rules whose last change has not been applied to stored transactions yet."""
        return self.exclude(changed_at=None)


class Rule(models.Model):
    """Conditions on a transaction, and what it becomes if it meets them.

    The first of a user's rules that matches decides. An override of a single transaction is stronger.
    """

    class Match(models.TextChoices):
        """How `text` is compared with the texts of a transaction; case and accents do not matter."""

        CONTAINS = "contains"
        EQUALS = "equals"
        STARTS = "starts"

    class Direction(models.TextChoices):
        OUT = "out"
        IN = "in"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    position = models.IntegerField(help_text="the lowest is tried first")
    created_at = models.DateTimeField()

    changed_at = models.DateTimeField(
        null=True, blank=True, help_text="when it changed, until the change is applied to stored transactions"
    )
    is_deleting = models.BooleanField(
        default=False, help_text="the user deleted it; it goes when no transaction refers to it any more"
    )

    # Conditions.
    match = models.CharField(max_length=10, choices=Match, default=Match.CONTAINS)
    text = models.CharField(max_length=200, blank=True, help_text="empty: any text")
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="+", help_text="null: any"
    )
    direction = models.CharField(max_length=3, choices=Direction, blank=True, help_text="empty: either")
    min_amount = MoneyField(null=True, blank=True, help_text="of the amount without its sign, inclusive")
    max_amount = MoneyField(null=True, blank=True)
    start_date = models.DateField(null=True, blank=True, help_text="earlier transactions stay as they are")

    # Effects.
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind, blank=True)
    tags = ArrayField(models.CharField(max_length=40), blank=True, default=list)
    hides = models.BooleanField(default=False)

    objects = RuleQuerySet.as_manager()

    class Meta:
        ordering = ("position", "id")
        constraints = (
            models.CheckConstraint(
                condition=~Q(text="")
                | Q(account__isnull=False)
                | Q(min_amount__isnull=False)
                | Q(max_amount__isnull=False),
                name="rule_has_a_condition",
            ),
            models.CheckConstraint(
                condition=~Q(category=None, kind="", tags=[], hides=False),
                name="rule_does_something",
            ),
        )
        indexes = (
            models.Index(fields=["user", "position", "id"], name="rule_user_position"),
            models.Index(fields=["changed_at"], name="rule_unapplied", condition=Q(changed_at__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.match} “{self.text}”"

    def allows_amount(self, amount: Decimal) -> bool:
        """Tell whether an amount, without its sign, is in the range of the rule."""
        return (self.min_amount is None or amount >= self.min_amount) and (
            self.max_amount is None or amount <= self.max_amount
        )
