"""Rows that the bank no longer shows: held until somebody has looked, or come back under another id."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import User
from banking.models.accounts import Account
from banking.models.items import Item, SyncRun
from banking.models.owned import OwnedQuerySet


class HeldDeletionQuerySet(OwnedQuerySet["HeldDeletion"]):
    def open(self) -> "HeldDeletionQuerySet":
        """Waiting for somebody, or for the run that carries out what somebody decided."""
        return self.filter(state__in=(HeldDeletion.State.HELD, HeldDeletion.State.APPROVED))


class HeldDeletion(models.Model):
    """An unusual share of an account's rows that vanished at once: kept until an operator decides."""

    class State(models.TextChoices):
        HELD = "held"  # the rows stay, and wait for a decision
        APPROVED = "approved"  # the next run asks Pluggy again, and removes what is still absent
        APPLIED = "applied"
        DISCARDED = "discarded"  # the rows stay as long as the bank does not show them
        CLEARED = "cleared"  # the rows are back at the bank, or went one by one

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="held_deletions")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="held_deletions")
    run = models.ForeignKey(
        SyncRun,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="the last to see it",
    )
    transaction_ids = ArrayField(models.UUIDField())
    known = models.IntegerField(help_text="rows that the reading should have held")
    state = models.CharField(max_length=10, choices=State, default=State.HELD)
    held_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="when a reading last missed the rows")
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    removed = models.IntegerField(default=0, help_text="rows that went when it was applied")

    objects = HeldDeletionQuerySet.as_manager()

    class Meta:
        ordering = ("-held_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["account"],
                name="held_deletion_one_open_per_account",
                condition=Q(state__in=("held", "approved")),
            ),
        )

    def __str__(self) -> str:
        return f"{len(self.transaction_ids)} of {self.known} rows of {self.account_id}"

    @property
    def share(self) -> float:
        return len(self.transaction_ids) / max(self.known, 1)


class ReappearanceQuerySet(OwnedQuerySet["Reappearance"]):
    def offered(self) -> "ReappearanceQuerySet":
        return self.filter(state=Reappearance.State.OFFERED)


class Reappearance(models.Model):
    """A row that went, and the row as which it seems to have come back under another id.

    The two are ids, not foreign keys: removing the rows of a connection then stays one statement.
    """

    class State(models.TextChoices):
        MOVED = "moved"  # there was no doubt: the person's word went over by itself
        OFFERED = "offered"  # the person is asked, on the row's page
        ACCEPTED = "accepted"
        DECLINED = "declined"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="reappearances")
    gone_id = models.UUIDField()
    came_id = models.UUIDField(db_index=True)
    state = models.CharField(max_length=10, choices=State)
    at = models.DateTimeField()

    objects = ReappearanceQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-id")
        constraints = (
            models.UniqueConstraint(fields=["gone_id", "came_id"], name="reappearance_one_per_pair"),
        )

    def __str__(self) -> str:
        return f"{self.gone_id} as {self.came_id}: {self.state}"
