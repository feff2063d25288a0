"""The webhook endpoint: check the secret, store the event, enqueue a task, answer."""

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

from webhooks import delivery_counts, inbox, tasks
from webhooks.secrets import SECRET_HEADER, SecretCheck, check_secret
from webhooks.signatures import is_from, is_signed, sender_address

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def pluggy(request: HttpRequest) -> HttpResponse:
    """Receive a delivery.

    202 stored · 400 not an event · 401 wrong secret, signature or address · 413 too large · 503 the database
    failed (try again)
    """
    if not _may_deliver(request):
        return HttpResponse(status=401)
    try:
        received = _body(request)
        if not _has_valid_signature(request, received):
            delivery_counts.add(now=timezone.now(), refused=1)
            return HttpResponse(status=401)
        text = received.decode("utf-8")
        body = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
        event = inbox.receive(body, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    except RequestDataTooBig:
        return HttpResponse(status=413)
    except (ValueError, RecursionError, DataError) as error:  # also inbox.InvalidEvent, bad UTF-8, NUL
        logger.warning("a delivery is not an event: %s", error)
        return HttpResponse(status=400)
    except (DatabaseError, InterfaceError) as error:
        logger.error("a delivery could not be stored: %s", error)
        return HttpResponse(status=503, headers={"Retry-After": "5"})
    if event is not None:
        logger.info("event %s of item %s: %s", event.name, event.item_id, event.state)
    if event is not None and event.needs_task:
        tasks.enqueue(event)
    return HttpResponse(status=202)


def _may_deliver(request: HttpRequest) -> bool:
    """Check the secret and the sender's address; count refused deliveries and those with the previous secret."""
    given = request.headers.get(SECRET_HEADER, "")
    current, previous = settings.PLUGGY_WEBHOOK_SECRET, settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS
    until, now = settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS_UNTIL, timezone.now()
    result = check_secret(given, now=now, current=current, previous=previous, until=until)
    if result == SecretCheck.WRONG and given and _looks_like_a_delivery(request):
        delivery_counts.add(now=now, refused=1)
    if result == SecretCheck.WRONG:
        return False
    if not _is_from_pluggy(request):
        delivery_counts.add(now=now, refused=1)
        return False
    if result == SecretCheck.PREVIOUS:
        delivery_counts.add(now=now, with_previous_secret=1)
    return True


def _is_from_pluggy(request: HttpRequest) -> bool:
    """Check the sender's address, if the addresses of Pluggy are configured."""
    if not settings.PLUGGY_WEBHOOK_SOURCES:
        return True
    address = sender_address(
        request.META.get("REMOTE_ADDR", ""),
        request.headers.get("X-Forwarded-For", ""),
        proxy_count=settings.TRUSTED_PROXY_COUNT,
    )
    is_allowed = is_from(address, settings.PLUGGY_WEBHOOK_SOURCES)
    if not is_allowed:
        logger.warning("a delivery with our secret comes from another address: %.45r", address)
    return is_allowed


def _has_valid_signature(request: HttpRequest, body: bytes) -> bool:
    """Check the signature of the body, if deliveries are signed. Nothing of it is logged."""
    secret = settings.PLUGGY_WEBHOOK_SIGNING_SECRET
    if not secret:
        return True
    given = request.headers.get(settings.PLUGGY_WEBHOOK_SIGNATURE_HEADER, "")
    is_valid = is_signed(body, given, secret=secret, algorithm=settings.PLUGGY_WEBHOOK_SIGNATURE_ALGORITHM)
    if not is_valid:
        logger.warning("a delivery with our secret has %s signature", "a wrong" if given else "no")
    return is_valid


def _looks_like_a_delivery(request: HttpRequest) -> bool:
    """Tell by the headers only: the body of an unauthenticated request is never read."""
    length = request.headers.get("Content-Length", "")
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return request.content_type == "application/json" and length.isdigit() and 0 < int(length) <= limit


def _body(request: HttpRequest) -> bytes:
    """Read the body, sent with a length or in chunks. Raises RequestDataTooBig."""
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.body
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body: bytes = request.META["wsgi.input"].read(limit + 1)
    if len(body) > limit:
        raise RequestDataTooBig
    return body


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse duplicate keys: JSON parsers do not agree on which of them counts."""
    decoded = dict(pairs)
    if len(decoded) != len(pairs):
        raise ValueError("a key occurs twice")
    return decoded


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
