"""Limits on how often something may be done (ACCOUNT_RATE_LIMITS), and the page that says so.

The counting is allauth's. It is exact for requests at the same time, and kept in the database.
"""

import math
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

APP = "allauth.account"  # whose setting ACCOUNT_RATE_LIMITS is
DEFAULT_WAIT = 60  # seconds
# What allauth's views count, by the names of their URLs.
ACTIONS = {
    "account_signup": "signup",
    "account_reset_password": "reset_password",
    "account_change_password": "change_password",
    "account_reauthenticate": "reauthenticate",
    "mfa_reauthenticate": "reauthenticate",
}


def consume(request: HttpRequest, action: str, *, key: str | None = None) -> ratelimit.RateLimitUsage | None:
    """Count one more; None if it is too much. What is returned can be rolled back."""
    return ratelimit.consume(request, app=APP, action=action, key=key, limit_get=True)


def network(request: HttpRequest) -> str:
    """Return the address that limits per address count: IPv4 as it is, IPv6 without its last 64 bits."""
    return str(ratelimit.get_ip(request))


def seconds_left(request: HttpRequest, action: str, *, key: str | None = None) -> int:
    """Return after how many seconds the action is allowed again; 0 if it is allowed now."""
    now, waits = time.time(), [0.0]
    for rate in ratelimit.get_rates(app=APP, action=action):
        cache_key = ratelimit.get_cache_key(request, app=APP, action=action, rate=rate, key=key)
        times = [at for at in cache.get(cache_key, []) if at > now - rate.duration]  # the newest first
        if len(times) >= rate.amount:
            waits.append(times[rate.amount - 1] + rate.duration - now)
    return math.ceil(max(waits))


def limited(action: str, *, methods: tuple[str, ...] = ("POST",)) -> Callable[[View], View]:
    """Limit how often a signed-in user may call a view with these methods. Place it below `login_required`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def limited_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method in methods and consume(request, action) is None:
                return too_many_requests(request, seconds=seconds_left(request, action))
            return view(request, *args, **kwargs)

        return cast(View, limited_view)

    return decorate


def too_many_requests(request: HttpRequest, *, seconds: int = DEFAULT_WAIT) -> HttpResponse:
    """Return the 429 page. htmx loads its page again instead, which then shows the message."""
    seconds = max(seconds, 1)
    if request.headers.get("HX-Request"):
        messages.warning(request, _("Too many requests in a short time. Nothing was changed."))
        response = HttpResponse(status=429, headers={"HX-Refresh": "true"})
    else:
        response = render(request, "429.html", {"minutes": math.ceil(seconds / 60)}, status=429)
    response["Retry-After"] = str(seconds)
    return response


def handler429(request: HttpRequest) -> HttpResponse:
    """Answer for allauth's own limits (the name that it looks for in the root URL configuration)."""
    action = ACTIONS.get(request.resolver_match.url_name or "") if request.resolver_match else None
    key = request.POST.get("email", "").lower()
    seconds = seconds_left(request, action, key=key) if action else DEFAULT_WAIT
    return too_many_requests(request, seconds=seconds)
