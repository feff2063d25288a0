"""The door for Pluggy's deliveries: check the secret, store, answer, then ring."""

import hmac
import json
import logging

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, DataError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from webhooks import inbox, tasks

logger = logging.getLogger(__name__)

SECRET_HEADER = "X-Webhook-Secret"


@csrf_exempt
@require_POST
def pluggy(request: HttpRequest) -> HttpResponse:
    """401 wrong secret · 413 too large · 400 nonsense · 503 our own trouble · 202 stored."""
    if not _knows_the_secret(request):
        return HttpResponse(status=401)
    try:
        body = json.loads(request.body.decode("utf-8"), parse_constant=_refuse)
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
        tasks.ring(event)
    return HttpResponse(status=202)


def _knows_the_secret(request: HttpRequest) -> bool:
    given = request.headers.get(SECRET_HEADER, "")
    return hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), settings.PLUGGY_WEBHOOK_SECRET.encode()
    )


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
