"""The door for Pluggy's deliveries: check the secret, store, answer, then ring."""

import json
import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, DataError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from webhooks import counts, inbox, tasks
from webhooks.secret import SECRET_HEADER, Verdict, judge

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def pluggy(request: HttpRequest) -> HttpResponse:
    """401 wrong secret · 413 too large · 400 nonsense · 503 our own trouble · 202 stored."""
    if not _may_deliver(request):
        return HttpResponse(status=401)
    try:
        text = _body(request).decode("utf-8")
        body = json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
        event = inbox.receive(body, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    except RequestDataTooBig:
        return HttpResponse(status=413)
    except (ValueError, RecursionError, DataError) as error:  # also inbox.Nonsense, bad UTF-8, NUL
        logger.warning("a delivery that is no event: %s", error)
        return HttpResponse(status=400)
    except (DatabaseError, InterfaceError) as error:
        logger.error("a delivery could not be stored: %s", error)
        return HttpResponse(status=503, headers={"Retry-After": "5"})
    if event is not None:
        logger.info("event %s of item %s: %s", event.name, event.item_id, event.state)
    if event is not None and event.is_news:
        tasks.ring(event)
    return HttpResponse(status=202)


def _may_deliver(request: HttpRequest) -> bool:
    """By the secret alone; its misuse and the use of an old one are counted."""
    given = request.headers.get(SECRET_HEADER, "")
    current, previous = settings.PLUGGY_WEBHOOK_SECRET, settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS
    until, now = settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS_UNTIL, timezone.now()
    verdict = judge(given, now=now, current=current, previous=previous, until=until)
    if verdict == Verdict.PREVIOUS:
        counts.add(now=now, with_previous_secret=1)
    if verdict == Verdict.WRONG and given and _looks_like_a_delivery(request):
        counts.add(now=now, refused=1)
    return verdict != Verdict.WRONG


def _looks_like_a_delivery(request: HttpRequest) -> bool:
    """By its head only: the body of a stranger is never read."""
    length = request.headers.get("Content-Length", "")
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return request.content_type == "application/json" and length.isdigit() and 0 < int(length) <= most


def _body(request: HttpRequest) -> bytes:
    """At most DATA_UPLOAD_MAX_MEMORY_SIZE bytes, sent with a length or in chunks."""
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.body
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body: bytes = request.META["wsgi.input"].read(most + 1)
    if len(body) > most:
        raise RequestDataTooBig
    return body


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
