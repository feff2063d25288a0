"""The outbox of mails, and changes of address that can still be undone."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models.users import User

UNDO_PERIOD = timedelta(days=7)


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


class EmailChangeQuerySet(models.QuerySet["EmailChange"]):
    def of(self, user: "User") -> Self:
        return self.filter(user=user)

    def undoable(self, now: datetime) -> Self:
        return self.filter(changed_at__gt=now - UNDO_PERIOD)


class EmailChange(models.Model):
    """A change of a user's address. The old address was sent a link that undoes it, once, within UNDO_PERIOD."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    old_email = models.EmailField()
    new_email = models.EmailField()
    changed_at = models.DateTimeField()

    objects: ClassVar = EmailChangeQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.id)
