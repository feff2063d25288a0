"""Bulk edits and the previous values that an undo restores."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from accounts.models import User
from accounts.querysets import OwnedQuerySet

UNDOABLE = timedelta(minutes=15)


class BulkEditQuerySet(OwnedQuerySet["BulkEdit"]):
    def undoable(self, now: datetime) -> "BulkEditQuerySet":
        return self.filter(undone_at=None, created_at__gte=now - UNDOABLE)

    def shown(self, now: datetime) -> "BulkEditQuerySet":
        """Return the edits that can be undone, and those that are still being applied or undone."""
        return self.filter(Q(undone_at=None, created_at__gte=now - UNDOABLE) | Q(finished_at=None))

    def unfinished(self) -> "BulkEditQuerySet":
        """Return the edits, or undos, that have not been applied to all their transactions yet."""
        return self.filter(finished_at=None)


class BulkEdit(models.Model):
    """A change that a user made to many transactions at once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    change = models.JSONField(help_text="a BulkChange (banking/ledger/bulk_edits.py)")
    transaction_count = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    progressed_at = models.DateTimeField(
        help_text="when the last batch was applied, or the edit or undo began"
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was applied, or undone, everywhere"
    )

    objects = BulkEditQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["user", "-created_at"], name="bulk_edit_user_created"),
            models.Index(
                fields=["progressed_at"], name="bulk_edit_unfinished", condition=Q(finished_at__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return f"{self.change} of {self.transaction_count} transactions"


class BulkEditItem(models.Model):
    """A transaction of a bulk edit.

    It is referred to by its id, not by a foreign key, so that a connection's transactions can be deleted in one
    statement.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    edit = models.ForeignKey(BulkEdit, on_delete=models.CASCADE, related_name="items", db_index=False)
    account_id = models.UUIDField()
    transaction_id = models.UUIDField()
    before = models.JSONField(
        null=True, blank=True, help_text="category, hidden, kind and tags before; null until it is applied"
    )

    objects = OwnedQuerySet["BulkEditItem"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["edit", "transaction_id"], name="bulk_edit_item_once"),
        )
        indexes = (
            models.Index(
                fields=["edit", "account_id"],
                name="bulk_edit_item_pending",
                condition=Q(before__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.transaction_id} of edit {self.edit_id}"
