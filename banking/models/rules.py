"""A person's standing word: what rows that look so are."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import User
from banking.models.accounts import Account
from banking.models.categories import Category
from banking.models.kinds import Kind
from banking.models.money import MoneyField
from banking.models.owned import OwnedQuerySet


class RuleQuerySet(OwnedQuerySet["Rule"]):
    def in_force(self) -> "RuleQuerySet":
        return self.filter(is_leaving=False)

    def unapplied(self) -> "RuleQuerySet":
        """Whose change has not reached all rows yet."""
        return self.exclude(changed_at=None)


class Rule(models.Model):
    """If a row's words, account and amount are so, then this is its category, kind and so on.

    The first of a person's rules that matches decides. Their word about one row is stronger than any rule.
    """

    class Match(models.TextChoices):
        """How `text` stands in what the bank wrote, whatever the case and the accents."""

        CONTAINS = "contains"
        EQUALS = "equals"
        STARTS = "starts"

    class Direction(models.TextChoices):
        OUT = "out"
        IN = "in"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    position = models.IntegerField(help_text="rules are tried from the lowest up")
    made_at = models.DateTimeField()

    changed_at = models.DateTimeField(
        null=True, blank=True, help_text="rows are yet to be concluded anew because it changed; none: done"
    )
    is_leaving = models.BooleanField(
        default=False, help_text="withdrawn: it goes as soon as no row falls under it"
    )

    # If …
    match = models.CharField(max_length=10, choices=Match, default=Match.CONTAINS)
    text = models.CharField(max_length=200, blank=True, help_text="empty: any words")
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="+", help_text="none: any"
    )
    direction = models.CharField(max_length=3, choices=Direction, blank=True, help_text="empty: either")
    least = MoneyField(null=True, blank=True, help_text="of the amount without its sign, inclusive")
    most = MoneyField(null=True, blank=True)
    since = models.DateField(null=True, blank=True, help_text="rows of earlier days are left alone")

    # … then
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
                | Q(least__isnull=False)
                | Q(most__isnull=False),
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

    def allows(self, amount: Decimal) -> bool:
        """Whether an amount, given without its sign, is in the rule's range."""
        return (self.least is None or amount >= self.least) and (self.most is None or amount <= self.most)
