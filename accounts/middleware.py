"""Middleware that keeps users' data apart, in the database and in caches, and ends idle sessions of staff."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from accounts import known_devices, row_security

GetResponse = Callable[[HttpRequest], HttpResponse]


LAST_REQUEST = "last_request"  # session key: when staff sent their last request, in seconds since 1970
MIN_SECONDS_BETWEEN_WRITES = 60  # so that not every request writes the session


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
