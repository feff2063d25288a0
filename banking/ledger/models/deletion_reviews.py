"""Reviews of transactions that the bank no longer shows."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.connections.models import Item, SyncRun
from banking.ledger.models.accounts import Account


class DeletionReviewQuerySet(OwnedQuerySet["DeletionReview"]):
    def open(self) -> "DeletionReviewQuerySet":
        """Return the reviews that wait for a decision, or for the sync that applies it."""
        return self.filter(state__in=(DeletionReview.State.PENDING, DeletionReview.State.APPROVED))


class DeletionReview(models.Model):
    """An unusual share of an account's transactions disappeared at once; they stay until an operator decides."""

    class State(models.TextChoices):
        PENDING = "pending"  # the transactions stay, and wait for a decision
        APPROVED = "approved"  # the next sync asks Pluggy again, and removes what is still missing
        APPLIED = "applied"
        REJECTED = "rejected"  # the transactions stay, whatever the bank shows
        CLEARED = "cleared"  # the bank shows the transactions again, or they were removed one by one

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="deletion_reviews")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="deletion_reviews")
    run = models.ForeignKey(
        SyncRun,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="the last run that missed them",
    )
    transaction_ids = ArrayField(models.UUIDField())
    expected_count = models.IntegerField(help_text="transactions that the bank should have listed")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(help_text="when the transactions were last missed")
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    removed_count = models.IntegerField(default=0, help_text="transactions removed when it was applied")

    objects = DeletionReviewQuerySet.as_manager()

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["account"],
                name="deletion_review_one_open_per_account",
                condition=Q(state__in=("pending", "approved")),
            ),
        )

    def __str__(self) -> str:
        return f"{len(self.transaction_ids)} of {self.expected_count} transactions of {self.account_id}"

    @property
    def share(self) -> float:
        return len(self.transaction_ids) / max(self.expected_count, 1)
