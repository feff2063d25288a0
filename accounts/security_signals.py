"""Record in the security log what Django and allauth announce: sign-ins, failures, and changes of sign-in."""

from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals as django_auth
from django.db.models.functions import Lower
from django.http import HttpRequest

from accounts.models import SecurityEvent, User
from accounts.security_log import record

Code = SecurityEvent.Code
RECOVERY_CODES = Authenticator.Type.RECOVERY_CODES
# Events that need no more than the user and the request, by their signal.
PLAIN = {
    account.user_signed_up: Code.SIGNED_UP,
    account.password_changed: Code.PASSWORD_CHANGED,
    account.password_set: Code.PASSWORD_CHANGED,
    account.password_reset: Code.PASSWORD_RESET,
}


def connect() -> None:
    """Connect the receivers; called once, when the app is ready."""
    for signal in PLAIN:
        signal.connect(_record_plain)
    account.user_logged_in.connect(_record_sign_in)
    django_auth.user_login_failed.connect(_record_failed_password)
    django_auth.user_logged_out.connect(_record_sign_out)
    account.authentication_step_completed.connect(_record_reauthentication)
    account.email_added.connect(_record_requested_address)
    account.email_changed.connect(_record_changed_address)
    account.email_confirmed.connect(_record_confirmed_address)
    mfa.authenticator_added.connect(_record_added_factor)
    mfa.authenticator_reset.connect(_record_added_factor)
    mfa.authenticator_removed.connect(_record_removed_factor)
    mfa.authenticator_used.connect(_record_used_factor)
    mfa.authentication_failed.connect(_record_failed_factor)


def _record_plain(signal: Any, user: User, request: HttpRequest, **_: Any) -> None:
    record(PLAIN[signal], user=user, request=request)


def _record_sign_in(user: User, request: HttpRequest, **_: Any) -> None:
    records = get_authentication_records(request, user)
    methods = [step.get("type") or step["method"] for step in records]  # e.g. password, then totp
    record(Code.SIGNED_IN, user=user, request=request, facts={"methods": methods})


def _record_failed_password(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    """Record a wrong password. Of an address that nobody has, nothing is kept: it may be a password or a typo.

    The user is looked up in both cases, and both cases store one event, so they take the same time.
    """
    address = str(credentials.get("email", "")).lower()
    user = User.objects.alias(folded=Lower("email")).filter(folded=address).first()
    visitor = getattr(request, "user", None)
    facts = {"method": "password", "again": bool(visitor and visitor.is_authenticated)}
    record(Code.SIGN_IN_FAILED, user=user, request=request, facts=facts)


def _record_sign_out(user: User | None, request: HttpRequest, **_: Any) -> None:
    if user is not None:
        record(Code.SIGNED_OUT, user=user, request=request)


def _record_reauthentication(
    user: User, request: HttpRequest, method: str, reauthenticated: bool = False, **data: Any
) -> None:
    if reauthenticated:
        facts = {"method": data.get("type") or method}
        record(Code.REAUTHENTICATED, user=user, request=request, facts=facts)


def _record_requested_address(user: User, request: HttpRequest, **_: Any) -> None:
    record(Code.EMAIL_CHANGED, user=user, request=request, facts={"step": "requested"})


def _record_confirmed_address(email_address: Any, request: HttpRequest, **_: Any) -> None:
    record(Code.EMAIL_CHANGED, user=email_address.user, request=request, facts={"step": "confirmed"})


def _record_changed_address(user: User, request: HttpRequest, from_email_address: Any, **_: Any) -> None:
    if from_email_address is not None:  # else it is the first address, which was confirmed
        record(Code.EMAIL_CHANGED, user=user, request=request, facts={"step": "changed"})


def _record_added_factor(user: User, request: HttpRequest, authenticator: Authenticator, **_: Any) -> None:
    is_codes = authenticator.type == RECOVERY_CODES
    code = Code.RECOVERY_CODES_MADE if is_codes else Code.SECOND_FACTOR_ADDED
    record(code, user=user, request=request, facts={"type": authenticator.type})


def _record_removed_factor(user: User, request: HttpRequest, authenticator: Authenticator, **_: Any) -> None:
    record(Code.SECOND_FACTOR_REMOVED, user=user, request=request, facts={"type": authenticator.type})


def _record_used_factor(user: User, request: HttpRequest, authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type == RECOVERY_CODES:
        record(Code.RECOVERY_CODE_USED, user=user, request=request)


def _record_failed_factor(user: User, request: HttpRequest, reauthentication: bool = False, **_: Any) -> None:
    """Record a wrong code. After the password was right, this is the more serious failure."""
    facts = {"method": "second factor", "again": reauthentication}
    record(Code.SIGN_IN_FAILED, user=user, request=request, facts=facts)
