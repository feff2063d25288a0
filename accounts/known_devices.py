"""Known devices: the browsers in which a user has signed in completely, with the second factor.

A signed cookie names them, so nothing is stored here. A device stays known for a year after the last sign-in, or
until the password changes: whoever signed in with an old password has to prove it again.
"""

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from accounts.models import User

MAX_AGE = 365 * 24 * 3600  # seconds
MAX_USERS = 5  # of one browser; the oldest is forgotten
SALT = "accounts.known_devices"
COOKIE_TO_SET = "known_devices_cookie"  # attribute of the request

Entry = tuple[int, str, str]  # user id, random id of the device, mark of the password


def is_known(request: HttpRequest, user: User) -> bool:
    """Tell whether the user has signed in with this browser before, with the current password."""
    return device_id(request, user) is not None


def device_id(request: HttpRequest, user: User) -> str | None:
    """Return the random id that this browser has for the user if it is known, else None."""
    for user_id, device, mark in _entries(request):
        if user_id == user.pk and constant_time_compare(mark, _password_mark(user)):
            return device
    return None


def remember(request: HttpRequest, user: User) -> None:
    """Let the response to this request make the browser a known device of the user."""
    device = device_id(request, user) or secrets.token_urlsafe(12)
    others = [entry for entry in _entries(request) if entry[0] != user.pk]
    entries = [(user.pk, device, _password_mark(user)), *others][:MAX_USERS]
    setattr(request, COOKIE_TO_SET, signing.dumps(entries, salt=SALT))


def remember_after_password_change(request: HttpRequest, user: User, **_: Any) -> None:
    """Keep the browser known in which the password was changed (a receiver of allauth's signals)."""
    remember(request, user)


def set_cookie(request: HttpRequest, response: HttpResponse) -> None:
    """Set the cookie if `remember` was called during this request."""
    value = getattr(request, COOKIE_TO_SET, None)
    if value:
        response.set_cookie(
            settings.KNOWN_DEVICES_COOKIE_NAME,
            value,
            max_age=MAX_AGE,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def _entries(request: HttpRequest) -> list[Entry]:
    cookie = request.COOKIES.get(settings.KNOWN_DEVICES_COOKIE_NAME, "")
    try:
        entries = signing.loads(cookie, salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:  # also if it has expired
        return []
    return [(user_id, device, mark) for user_id, device, mark in entries]


def _password_mark(user: User) -> str:
    """Return a mark that changes with the stored password and tells nothing about it, because that has a salt."""
    return hashlib.sha256(user.password.encode()).hexdigest()[:16]
