"""Records of Pluggy that cannot be read."""

from django.db import models

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.connections.models.items import Item
from banking.ledger.models.accounts import Account


class QuarantinedRecord(models.Model):
    """A record that cannot be read: it is set aside, so that the others of its list are stored.

    It is deleted once it can be read or no longer exists.
    """

    class RecordType(models.TextChoices):
        ACCOUNT = "account"
        TRANSACTION = "transaction"
        BILL = "bill"
        INVESTMENT = "investment"
        INVESTMENT_TRANSACTION = "investment transaction"
        LOAN = "loan"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="quarantined_records")
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="quarantined_records"
    )
    record_type = models.CharField(max_length=30, choices=RecordType)
    key = models.CharField(max_length=64, help_text="its id, or a hash of it where it has none")
    record_id = models.UUIDField(null=True, blank=True)
    reason = models.CharField(max_length=200)
    body = models.TextField(help_text="as sent, shortened and without documents")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    objects = OwnedQuerySet["QuarantinedRecord"].as_manager()

    class Meta:
        ordering = ("-last_seen_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=["item", "record_type", "key"], name="quarantined_record_once"),
        )

    def __str__(self) -> str:
        return f"{self.record_type} {self.key}: {self.reason}"
