"""Middleware that keeps users' data apart, in the database and in caches, and ends idle sessions of staff."""

import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control

from accounts import known_devices, row_security
from accounts.models import SecurityEvent
from accounts.security_log import record
from pfm.logs import user_hash

logger = structlog.get_logger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]


LAST_REQUEST = "last_request"  # session key: when staff sent their last request, in seconds since 1970
UNKNOWN_IDS = 20  # events of unknown ids an hour
MIN_SECONDS_BETWEEN_WRITES = 60  # so that not every request writes the session


class LogUserMiddleware:
    """Add a hash of the signed-in user to the lines that the request logs."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            structlog.contextvars.bind_contextvars(user=user_hash(request.user.pk))
        return self.get_response(request)


class StaffIdleMiddleware:
    """Sign out staff who sent no request for STAFF_IDLE_LIMIT seconds."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and request.user.is_staff:
            now = time.time()
            idle = now - request.session.get(LAST_REQUEST, now)
            if idle > settings.STAFF_IDLE_LIMIT:
                logout(request)
            elif idle > MIN_SECONDS_BETWEEN_WRITES or LAST_REQUEST not in request.session:
                request.session[LAST_REQUEST] = now
        return self.get_response(request)


class RowSecurityMiddleware:
    """Let a request see only its user's data in the database, even if a view forgets to filter."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with row_security.for_user(request.user.pk):
            return self.get_response(request)


class UnknownIdMiddleware:
    """Record that a user asked for an id which is not theirs: a 404 of a page that exists.

    It is not asked whether another user has it: the answer would take longer for one that exists, and row-level
    security hides it anyway. So the event says "unknown". After UNKNOWN_IDS events an hour, only the log has more:
    nobody can push the other events of an account out of sight.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if match is None or match.app_name == "admin":
            return response
        if response.status_code == 404 and request.user.is_authenticated:
            logger.warning("unknown id refused", route=f"/{match.route}")
            code, since = SecurityEvent.Code.FOREIGN_ID_REFUSED, timezone.now() - timedelta(hours=1)
            if SecurityEvent.objects.of(request.user).filter(code=code, at__gt=since).count() < UNKNOWN_IDS:
                record(code, user=request.user, request=request, facts={"page": match.url_name or ""})
        return response


class KnownDeviceMiddleware:
    """Set the cookie of known devices after a complete sign-in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        known_devices.set_cookie(request, response)
        return response


class PrivatePagesMiddleware:
    """Mark the pages of signed-in users as private, so that neither proxies nor the back button show them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response
