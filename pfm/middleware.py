"""Middleware of every request: its id and its line in the log, and texts that PostgreSQL cannot store."""

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]
HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9-]{16,36}")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

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


class StorableTextMiddleware:
    """Answer 400 to a request with a NUL or a lone surrogate, which no text of PostgreSQL can hold.

    PostgreSQL would write the statement, and so what the user sent, to its own log. Path, query string, cookies
    and headers are checked before anything reads the database; forms and JSON before the view. The webhook
    endpoint, which is exempt from CSRF tokens, checks its secret before it reads a body, and then the body.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        headers = [value for name, value in request.META.items() if name.startswith("HTTP_")]
        _refuse_unstorable([request.path, *request.COOKIES.values(), *headers, *_pairs(request.GET)])
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, _args: object, _kwargs: object) -> None:
        if request.method in ("GET", "HEAD", "OPTIONS") or getattr(view, "csrf_exempt", False):
            return
        body = request.body  # first: a view cannot read it after the form has been parsed from the stream
        if request.content_type in FORMS:
            names = [file.name for files in request.FILES.lists() for file in files[1]]
            _refuse_unstorable([*_pairs(request.POST), *names])
        elif body:
            _refuse_unstorable(_json_texts(body))


def _pairs(query: Any) -> Iterator[str]:
    for name, values in query.lists():
        yield name
        yield from values


def _json_texts(body: bytes) -> list[str]:
    """Return the texts and names of a JSON body; none if it is no JSON, which the view finds out."""
    texts: list[str] = []

    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        texts.extend(name for name, _value in pairs)
        return dict(pairs)

    try:
        waiting = [json.loads(body, object_pairs_hook=keep)]
    except (ValueError, RecursionError):
        return []
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return texts


def _refuse_unstorable(texts: Any) -> None:
    if any(isinstance(text, str) and UNSTORABLE.search(text) for text in texts):
        raise BadRequest("a text holds a NUL or a lone surrogate")
