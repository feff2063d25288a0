"""What Pluggy sent and nobody can read: kept aside, so that it does not take the rest with it."""

from django.db import models

from accounts.models import User
from banking.models.accounts import Account
from banking.models.items import Item
from banking.models.owned import OwnedQuerySet


class UnreadableRow(models.Model):
    """One part of a list that is not what it should be. It goes when it can be read, or is no more."""

    class What(models.TextChoices):
        ACCOUNT = "account"
        TRANSACTION = "transaction"
        BILL = "bill"
        INVESTMENT = "investment"
        INVESTMENT_TRANSACTION = "investment transaction"
        LOAN = "loan"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="unreadable")
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="unreadable"
    )
    what = models.CharField(max_length=30, choices=What)
    key = models.CharField(max_length=64, help_text="its id, or a hash of it where it has none")
    remote_id = models.UUIDField(null=True, blank=True)
    reason = models.CharField(max_length=200)
    body = models.TextField(help_text="as sent, shortened and without documents")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    objects = OwnedQuerySet["UnreadableRow"].as_manager()

    class Meta:
        ordering = ("-last_seen_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=["item", "what", "key"], name="unreadable_row_one_per_part"),
        )

    def __str__(self) -> str:
        return f"{self.what} {self.key}: {self.reason}"
