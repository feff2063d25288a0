"""Erasures of users: from the request to an anonymous record that it was done."""

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def due(self, now: datetime) -> "ErasureQuerySet":
        """Return the erasures that are to be started or continued now, the longest waiting first."""
        return self.exclude(state=Erasure.State.DONE).filter(try_at__lte=now).order_by("try_at")


class Erasure(models.Model):
    """The erasure of a user and all their data.

    The row survives. When it is done it names nobody: only when it was, how many rows of which tables, and whether
    an administrator started it.
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled", _("scheduled: the user may cancel it")
        RUNNING = "running", _("running")
        ERASED = "erased", _("erased: the receipt is not sent yet")
        DONE = "done", _("done")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="erasure",
        help_text="until erased",
    )
    email = models.EmailField(blank=True, help_text="where the receipt goes; empty before and after that")
    language = models.CharField(max_length=10, help_text="of the receipt")
    state = models.CharField(max_length=10, choices=State, default=State.SCHEDULED)
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The administrator who started it; empty if it was the user.",
    )
    reason = models.CharField(max_length=200, blank=True, help_text="of the administrator, until erased")
    try_at = models.DateTimeField(help_text="when it starts, and after a failure, when it continues")
    attempts = models.IntegerField(default=0)
    failure = models.CharField(
        max_length=100, blank=True, help_text="why the last attempt ended: a class name"
    )
    erased_at = models.DateTimeField(null=True, blank=True)
    receipt_sent_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict, help_text="rows deleted, by table")
    event_keys = models.JSONField(
        default=list, help_text="hashes of what late webhooks would name; removed after some days"
    )

    objects = ErasureQuerySet.as_manager()

    class Meta:
        ordering = ("-requested_at",)
        indexes = (models.Index(fields=["try_at"], name="erasure_due", condition=~models.Q(state="done")),)

    def __str__(self) -> str:
        return f"{self.requested_at:%Y-%m-%d}: {self.get_state_display()}"
