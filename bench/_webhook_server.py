"""Serve the product with two extra views, to compare the webhook view with a plain INSERT and no work."""

from itertools import cycle
from uuid import uuid4

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from webhooks.models import Event

_item_ids = cycle(uuid4() for _ in range(5))
_SQL = f"""
    INSERT INTO {Event._meta.db_table} (event_id, name, item_id, client_user_id, triggered_by, body,
        received_at, deliveries, state, seq, reason, attempts, error)
    VALUES (%s, 'item/updated', %s, '', 'SYNC', '{{"event": "item/updated"}}', %s, 1, 'queued', 1, '', 0, '')
"""


@csrf_exempt
def insert(_request: HttpRequest) -> HttpResponse:
    """Store one event without looking at the request: the least work that keeps an event."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, (uuid4(), next(_item_ids), timezone.now()))
    return HttpResponse(status=202)


@csrf_exempt
def empty(_request: HttpRequest) -> HttpResponse:
    """Answer without any work: the speed of the web server and Django alone."""
    return HttpResponse(status=202)


urlpatterns = [path("insert", insert), path("empty", empty), path("", include("pfm.urls"))]
settings.ROOT_URLCONF = __name__
application = get_wsgi_application()
