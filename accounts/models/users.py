"""The user: the e-mail address is the login; a random reference is all that Pluggy learns."""

import secrets
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.masking import masked_email


def new_reference() -> str:
    """Return a random clientUserId of 22 URL-safe characters (128 bits)."""
    return secrets.token_urlsafe(16)


class UserManager(BaseUserManager["User"]):
    """Create users who sign in with their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if not email:
            raise ValueError("a user needs an e-mail address")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **fields | {"is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A user of the product."""

    class Theme(models.TextChoices):
        AUTO = "auto", _("Like the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True)
    reference = models.CharField(
        max_length=40,
        unique=True,
        default=new_reference,
        editable=False,
        help_text="The clientUserId that Pluggy stores on this user's items; never changes.",
    )
    language = models.CharField(
        max_length=10,
        blank=True,
        default="",
        help_text="The language of mails: that of the sign-up, or what the user chose since then.",
    )
    theme = models.CharField(max_length=5, choices=Theme, default=Theme.AUTO)
    hides_amounts = models.BooleanField(default=False)
    uses_cash_basis = models.BooleanField(
        _("Count card purchases in the month in which their bill is due"), default=False
    )
    erasure_due_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="The user asked for the deletion of everything then (Erasure), and may cancel it before.",
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_is_unique_in_any_case"),)

    def __str__(self) -> str:
        """Return a masked address: the admin writes this text on many pages and into its log."""
        return masked_email(self.email)

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.email.partition("@")[0]

    @property
    def initials(self) -> str:
        words = self.display_name.replace(".", " ").split()
        return "".join(word[0] for word in words[:2]).upper() or "?"
