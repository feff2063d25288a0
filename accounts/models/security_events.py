"""The security log: what happened to a user's account. It is only appended to."""

import uuid
from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models.users import User


class SecurityEventQuerySet(models.QuerySet["SecurityEvent"]):
    def of(self, user: "User") -> Self:
        """Return what happened to the account of this user."""
        return self.filter(user=user)


class SecurityEvent(models.Model):
    """Something that happened to a user's account.

    The database refuses to change an event, and to delete one outside of `security_log.deletion_allowed()`. The
    id is made here, because the web server may insert events that it may not read.
    """

    class Code(models.TextChoices):
        SIGNED_IN = "signed in", _("Signed in")
        SIGN_IN_FAILED = "sign-in failed", _("Sign-in failed")
        SIGN_IN_LOCKED = "sign-in locked", _("Sign-in locked after too many attempts")
        SIGNED_OUT = "signed out", _("Signed out")
        SIGNED_UP = "signed up", _("Account created")
        REAUTHENTICATED = "reauthenticated", _("Identity confirmed again")
        SESSION_ENDED = "session ended", _("Device signed out")
        PASSWORD_CHANGED = "password changed", _("Password changed")
        PASSWORD_RESET = "password reset", _("Password reset by e-mail")
        EMAIL_CHANGED = "email changed", _("E-mail address changed")
        SECOND_FACTOR_ADDED = "second factor added", _("Second factor added")
        SECOND_FACTOR_REMOVED = "second factor removed", _("Second factor removed")
        RECOVERY_CODES_MADE = "recovery codes made", _("New recovery codes")
        RECOVERY_CODE_USED = "recovery code used", _("Recovery code used")
        EXPORTED = "exported", _("Data exported")
        CONNECTION_ENDED = "connection ended", _("Bank disconnected")
        TERMS_ACCEPTED = "terms accepted", _("Terms accepted")
        ERASURE_REQUESTED = "erasure requested", _("Deletion of the account requested")
        ERASURE_CANCELLED = "erasure cancelled", _("Deletion of the account cancelled")
        FOREIGN_ID_REFUSED = "foreign id refused", _("Unknown page refused")
        READ_BY_STAFF = "read by staff", _("Data read by an administrator")
        CHANGED_BY_STAFF = "changed by staff", _("Account changed by an administrator")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        "accounts.User",
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,  # the index below begins with it
        related_name="security_events",
        help_text="Whose account it is; empty if nobody has the e-mail address.",
    )
    actor = models.ForeignKey(
        "accounts.User",
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="The administrator who did it; empty if it was the user.",
    )
    code = models.CharField(max_length=30, choices=Code)
    facts = models.JSONField(default=dict, help_text="Details without personal data, by name.")
    network = models.CharField(max_length=43, help_text="The address up to /24 or /48.")
    user_agent = models.CharField(max_length=200)
    request_id = models.CharField(max_length=36)
    at = models.DateTimeField(default=timezone.now)

    objects: ClassVar = SecurityEventQuerySet.as_manager()

    class Meta:
        ordering = ("-at",)
        indexes = (
            models.Index(fields=["user", "-at"], name="security_event_of_user"),
            models.Index(fields=["-at"], name="security_event_newest"),
        )

    def __str__(self) -> str:
        return str(self.get_code_display())
