"""Middleware of every request: its id and its line in the log."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]
HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9-]{16,36}")

logger = structlog.get_logger("lume.request")


class RequestIdMiddleware:
    """Give each request an id, which is in its log lines, its security events, its tasks and its response.

    The id of a proxy is kept. A client without a proxy before it cannot choose one.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = _request_id(request)  # type: ignore[attr-defined]
        # Not unbound afterwards: a streamed response is logged later. The next request of the thread clears it.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.id)  # type: ignore[attr-defined]
        started_at = time.monotonic()
        response = self.get_response(request)
        if request.resolver_match or response.status_code >= 400:  # not for each static file
            milliseconds = round((time.monotonic() - started_at) * 1000)
            method = request.method if request.method in METHODS else "other"
            values = {"route": route(request), "status": response.status_code, "milliseconds": milliseconds}
            logger.info("request", method=method, **values)
        response[HEADER] = request.id  # type: ignore[attr-defined]
        return response


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def route(request: HttpRequest) -> str:
    """Return the pattern of the URL: the path itself may hold a key, for example of a password reset."""
    match = request.resolver_match
    return "/" + match.route if match else "(no route)"


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get(HEADER, "")
    is_trusted = settings.TRUSTED_PROXY_COUNT > 0 and WELL_FORMED.fullmatch(given)
    return given if is_trusted else uuid.uuid4().hex
