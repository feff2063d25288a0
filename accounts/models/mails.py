"""The outbox of mails."""

import uuid
from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def due(self, now: datetime) -> Self:
        """Return the mails to send now, those that waited longest first."""
        return self.filter(due_at__lte=now).order_by("due_at")


class OutgoingMail(models.Model):
    """A mail that was not sent yet; it is deleted when it was.

    Every session may add a mail, but only sessions for everyone read them: they contain links that open accounts.
    The recipient and the facts are encrypted, because a backup would keep them longer than the mail is here.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        db_constraint=False,  # a session that may delete a user may not see the user's mails
        related_name="+",
        help_text="Whose account the mail is about.",
    )
    kind = models.CharField(max_length=60, help_text="A key of accounts/mail_texts.py.")
    language = models.CharField(max_length=10, help_text="Used if the user has chosen none.")
    encrypted_content = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    objects: ClassVar = OutgoingMailQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
