"""How the product differs from allauth's defaults."""

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import known_devices
from accounts.encryption import decrypt, encrypt

SECOND_FACTORS = "second factors"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in and sign-up."""

    def post_login(self, request: HttpRequest, user: Any, *, signup: bool, **options: Any) -> Any:
        """Count a sign-up as a sign-in: whoever has just chosen a password is not asked for it.

        From now on the browser is known: this runs after the second factor.
        """
        if signup:
            record_authentication(request, user, method="password")
        known_devices.remember(request, user)
        return super().post_login(request, user, signup=signup, **options)

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
