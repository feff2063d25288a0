"""The one client with this application's keys, shared by everything in the process."""

import logging
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error
from django.utils import timezone

from banking.connections.models import Alert
from banking.pluggy import Client, SharedLimits

logger = logging.getLogger(__name__)


@cache
def pluggy() -> Client:
    """Return the client of views and tasks; everything below gets its client as an argument."""
    return Client(
        base_url=settings.PLUGGY_API_URL,
        client_id=settings.PLUGGY_CLIENT_ID,
        client_secret=settings.PLUGGY_CLIENT_SECRET,
        limits=_limits(),
        version=settings.VERSION,
        on_unauthorized=_open_alert,
    )


def _open_alert(reason: str) -> None:
    """Tell operators at once that Pluggy refuses our credentials, whether a page, a task or a command asked."""
    try:
        Alert.objects.open(Alert.Code.CREDENTIALS, f"nothing works: {reason}", now=timezone.now())
    except Error as error:  # the caller has to handle Pluggy's refusal, not that of the database
        logger.error("alert: %s: %s; it is not stored: %s", Alert.Code.CREDENTIALS, reason, error)


def _limits() -> SharedLimits:
    """Per address of Pluggy's: all of ours that ask it share them."""
    return SharedLimits(
        settings.REDIS_URL,
        scope=urlsplit(settings.PLUGGY_API_URL).netloc,
        share=settings.PLUGGY_LIMITS_PERCENT / 100,
        processes=settings.PLUGGY_PROCESSES,
    )
