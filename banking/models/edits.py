"""One thing said of many rows at once, and what was said of each before: done in batches, and undone."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from accounts.models import User
from banking.models.owned import OwnedQuerySet

UNDOABLE = timedelta(minutes=15)


class EditQuerySet(OwnedQuerySet["Edit"]):
    def undoable(self, now: datetime) -> "EditQuerySet":
        return self.filter(undone_at=None, made_at__gte=now - UNDOABLE)

    def unfinished(self) -> "EditQuerySet":
        """Whose word, or whose withdrawal, has not reached all rows yet."""
        return self.filter(finished_at=None)


class Edit(models.Model):
    """What a person said of many rows in one go."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    change = models.JSONField(help_text="banking.actions.edits.Change")
    rows = models.IntegerField(default=0, help_text="of which it was said")
    made_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True, help_text="all rows say so, or no more")

    objects = EditQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["user", "-made_at"], name="edit_user_made"),
            models.Index(fields=["made_at"], name="edit_unfinished", condition=Q(finished_at__isnull=True)),
        )

    def __str__(self) -> str:
        return f"{self.change} of {self.rows} rows"


class EditedRow(models.Model):
    """One row of an edit, by ids: removing the rows of a connection then stays one statement."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    edit = models.ForeignKey(Edit, on_delete=models.CASCADE, related_name="edited", db_index=False)
    account_id = models.UUIDField()
    row_id = models.UUIDField()
    before = models.JSONField(null=True, blank=True, help_text="what was said before; none: not done yet")

    objects = OwnedQuerySet["EditedRow"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["edit", "row_id"], name="edited_row_once"),)
        indexes = (
            models.Index(
                fields=["edit", "account_id"],
                name="edited_row_to_do",
                condition=Q(before__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.row_id} of edit {self.edit_id}"
