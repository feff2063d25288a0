"""The history of a transaction."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.ledger.models.transactions import Transaction


class TransactionChange(models.Model):
    """A write that changed what users see of a transaction. Creating a transaction is not recorded."""

    class Source(models.TextChoices):
        BANK = "bank"
        USER = "user"
        RULE = "rule"
        MATCH = "match"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    transaction = models.ForeignKey(
        Transaction, on_delete=models.CASCADE, related_name="changes", db_index=False
    )
    changed_at = models.DateTimeField(db_default=Now(), help_text="by the clock of the database")
    source = models.CharField(max_length=5, choices=Source)
    changes = models.JSONField(help_text="column → [before, after]; amounts and dates as text")

    objects = OwnedQuerySet["TransactionChange"].as_manager()

    class Meta:
        ordering = ("-changed_at", "-id")
        indexes = (models.Index(fields=["transaction", "-changed_at"], name="transaction_change_time"),)

    def __str__(self) -> str:
        return f"{self.transaction_id} {self.source} {self.changed_at:%Y-%m-%d %H:%M:%S}"
