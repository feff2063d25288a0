"""Outbox of the categories that users chose, to be sent to Pluggy."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.ledger.models.transactions import Transaction


class CategoryUpdate(models.Model):
    """The category that a transaction should have at Pluggy.

    Pluggy then reports it as its own; `original_category_id` is the one that it reported before, so that the
    user's choice can be undone.
    """

    transaction = models.OneToOneField(
        Transaction, primary_key=True, on_delete=models.CASCADE, related_name="category_update"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    category_id = models.CharField(max_length=12)
    original_category_id = models.CharField(max_length=12, blank=True)
    is_pending = models.BooleanField(default=True, help_text="neither sent nor given up")
    attempts = models.IntegerField(default=0, help_text="failed attempts")
    last_attempt_at = models.DateTimeField(null=True, blank=True)

    objects = OwnedQuerySet["CategoryUpdate"].as_manager()

    class Meta:
        indexes = (
            models.Index(
                fields=["last_attempt_at"], name="category_update_pending", condition=Q(is_pending=True)
            ),
        )

    def __str__(self) -> str:
        return f"{self.transaction_id} is {self.category_id}"
