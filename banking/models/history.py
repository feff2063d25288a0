"""What changed about a row after it was first stored, and by whose word."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from banking.models.owned import OwnedQuerySet
from banking.models.transactions import Transaction


class RowChange(models.Model):
    """One write that changed what people see of a row. It goes when its row goes."""

    class By(models.TextChoices):
        BANK = "bank"
        YOU = "you"
        RULE = "rule"
        LINK = "link"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    row = models.ForeignKey(Transaction, on_delete=models.CASCADE, related_name="changes", db_index=False)
    at = models.DateTimeField(db_default=Now(), help_text="by the clock of the write itself")
    by = models.CharField(max_length=4, choices=By)
    changes = models.JSONField(help_text="column → [before, after]; amounts and dates as text")

    objects = OwnedQuerySet["RowChange"].as_manager()

    class Meta:
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=["row", "-at"], name="row_change_row_at"),)

    def __str__(self) -> str:
        return f"{self.row_id} {self.by} {self.at:%Y-%m-%d %H:%M:%S}"
