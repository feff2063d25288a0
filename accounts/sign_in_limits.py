"""Limit the guesses at passwords and codes, before anything is hashed.

Guesses are counted for each e-mail address, whether it has an account or not, and for each network address. So
that nobody can keep somebody else out by guessing, a known device is counted on its own, and a passkey or a code
by e-mail needs no password. The admin's sign-in is this one.
"""

from datetime import timedelta

from allauth.account.internal.userkit import filter_users_by_email
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.ratelimit import RateLimitUsage, clear
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts import known_devices, limits
from accounts.models import User
from accounts.security_log import Code, record

BY_NETWORK, BY_ACCOUNT, BY_DEVICE = "sign_in_network", "sign_in_account", "sign_in_device"
SECOND_FACTOR = "login_failed"  # allauth's name for guesses at codes


def consume(request: HttpRequest, email: str) -> RateLimitUsage:
    """Count a guess at a password; what is returned is rolled back if the password is right.

    Raises ImmediateHttpResponse with the page of a locked sign-in.
    """
    email = email.strip().lower()
    device = _known_device(request, email)
    if device:
        return _consume(request, BY_DEVICE, key=device, email=email)
    by_network = _consume(request, BY_NETWORK, key=None, email=email)
    by_account = _consume(request, BY_ACCOUNT, key=email, email=email)
    return RateLimitUsage(usage=[*by_network.usage, *by_account.usage])


def check_second_factor(request: HttpRequest, user: User) -> None:
    """Refuse a code if too many were wrong, but not from a known device: that is counted on its own.

    Raises ImmediateHttpResponse with the page of a locked sign-in.
    """
    key = f"mfa-auth-user-{user.pk}"  # allauth's, which counts the codes
    device = known_devices.device_id(request, user)
    if device:
        _consume(request, BY_DEVICE, key=f"second factor {device}", email=user.email)
        clear(request, app=limits.APP, action=SECOND_FACTOR, key=key)
    elif limits.seconds_left(request, SECOND_FACTOR, key=key):
        raise ImmediateHttpResponse(_refuse(request, SECOND_FACTOR, key=key, email=user.email))


def unlock(request: HttpRequest, user: User, **_: object) -> None:
    """Forget the guesses at the old password (a receiver of allauth's signals)."""
    clear(request, app=limits.APP, action=BY_ACCOUNT, key=user.email.lower())


def _known_device(request: HttpRequest, email: str) -> str | None:
    if not known_devices.has_any(request):
        return None
    users = filter_users_by_email(email, for_login=True)
    return next(filter(None, (known_devices.device_id(request, user) for user in users)), None)


def _consume(request: HttpRequest, action: str, *, key: str | None, email: str) -> RateLimitUsage:
    usage = limits.consume(request, action, key=key)
    if usage is None:
        raise ImmediateHttpResponse(_refuse(request, action, key=key, email=email))
    return usage


def _refuse(request: HttpRequest, action: str, *, key: str | None, email: str) -> HttpResponse:
    """Return the page that says until when the sign-in is locked and what works meanwhile; log each lock once."""
    seconds = max(limits.seconds_left(request, action, key=key), 1)
    mark = salted_hmac("sign-in lock", f"{action} {key or limits.network(request)}").hexdigest()
    if cache.add(f"sign-in-lock:{mark}", True, timeout=seconds):
        users = [] if action == BY_NETWORK else filter_users_by_email(email, for_login=True)
        record(Code.SIGN_IN_LOCKED, user=next(iter(users), None), request=request, facts={"limit": action})
    context = {
        "until": timezone.now() + timedelta(seconds=seconds),
        "is_long": seconds > timedelta(hours=12).total_seconds(),
        "is_network": action == BY_NETWORK,
        "is_second_factor": action == SECOND_FACTOR,
        "email": email,
        "next": request.POST.get("next", ""),
    }
    response = render(request, "account/sign_in_locked.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response
