"""How the product differs from allauth's defaults."""

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import email_changes, known_devices, outbox, sign_in_limits, tasks
from accounts.encryption import decrypt, encrypt
from accounts.mail_texts import EMAIL_CHANGED, EMAIL_CHANGED_NEW, NEW_DEVICE
from accounts.mails import public_url
from accounts.models import SecurityEvent
from accounts.security_log import network_of, record

UNKNOWN_ACCOUNT = "account/email/unknown_account"  # the mail to an address that nobody has
SECOND_FACTORS = "second factors"
# What a mail may need of allauth's context.
MAIL_FACTS = (
    "code",
    "activate_url",
    "password_reset_url",
    "from_email",
    "to_email",
    "deleted_email",
    "undo_url",
    "timestamp",
    "network",
    "user_agent",
)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in, sign-up, and mails."""

    is_first_sign_in = False

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Keep the language of the sign-up: mails are written in it."""
        user.language = get_language() or ""
        return super().save_user(request, user, form, commit)

    def login(self, request: HttpRequest, user: Any) -> None:
        """Note whether it is the user's first sign-in: its device is known, since nobody could know another."""
        self.is_first_sign_in = user.last_login is None
        super().login(request, user)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the guess before the password is hashed. allauth rolls it back if the password is right."""
        if not request.user.is_authenticated:  # who confirms a password is counted by the view, for the user
            self._login_failed_rl_usage = sign_in_limits.consume(request, credentials.get("email", ""))

    def post_login(self, request: HttpRequest, user: Any, *, signup: bool, **options: Any) -> Any:
        """Count a sign-up as a sign-in: whoever has just chosen a password is not asked for it.

        A mail tells of a device that is not known. From now on it is: this runs after the second factor.
        """
        if signup:
            record_authentication(request, user, method="password")
        if not (self.is_first_sign_in or known_devices.is_known(request, user)):
            self.send_notification_mail(NEW_DEVICE, user)
        known_devices.remember(request, user)
        return super().post_login(request, user, signup=signup, **options)

    # --- Mails: they are stored, and sent by a task ---------------------------------------------------

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Store a mail for the outbox. The template's name is its kind; strangers get none."""
        if template_prefix == UNKNOWN_ACCOUNT:
            outbox.add_nothing()
        else:
            facts = {name: str(context[name]) for name in MAIL_FACTS if name in context}
            urls = {name: public_url(url) for name, url in facts.items() if name.endswith("_url")}
            outbox.add(template_prefix, recipient=email, user=context.get("user"), facts=facts | urls)
        tasks.enqueue_mails()

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Store a mail about a change of the account. A change of address goes to both addresses."""
        facts = {"user": user, "network": network_of(self.request), **(context or {})}
        if template_prefix == EMAIL_CHANGED:
            super().send_notification_mail(EMAIL_CHANGED_NEW, user, facts, facts["to_email"])
            facts["undo_url"] = email_changes.record(
                user, old_email=facts["from_email"], new_email=facts["to_email"], now=timezone.now()
            )
        super().send_notification_mail(template_prefix, user, facts, email or user.email)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm an address and store the mails about it, or neither."""
        with transaction.atomic():
            return bool(super().confirm_email(request, email_address))

    def is_reauthentication_required(self, **_kwargs: Any) -> bool:
        """Tell whether to ask again before something sensitive: not for five minutes after a sign-in."""
        records = get_authentication_records(self.request, self.request.user)
        age = time.time() - records[-1]["at"] if records else float("inf")
        return age > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors. Their secrets are encrypted in the database."""

    def get_totp_issuer(self) -> str:
        return "Lume"

    def _get_site_name(self) -> str:
        return "Lume"

    def encrypt(self, text: str) -> str:
        return encrypt(text, purpose=SECOND_FACTORS)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text, purpose=SECOND_FACTORS)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """Return the name that a new passkey is given until the user changes it."""
        count = user.authenticator_set.filter(type=type).count()
        return _("Passkey %(number)s") % {"number": count + 1}


class UserSessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]
    """Sessions of the devices page."""

    def end_sessions(self, sessions: Any) -> None:
        """End sessions, and record each: whoever ends them may want to be alone in the account."""
        for session in sessions:
            facts = {"device": session.user_agent}
            record(SecurityEvent.Code.SESSION_ENDED, user=session.user, request=context.request, facts=facts)
        super().end_sessions(sessions)


def display_name(user: Any) -> str:
    """Return what messages and mails of allauth call the user, to whom they are sent."""
    return str(user.display_name)
