"""This application at Pluggy: the one client with its keys, shared by everything in the process."""

from functools import cache
from urllib.parse import urlsplit

from django.conf import settings

from banking.pluggy import Client, SharedLimits


@cache
def pluggy() -> Client:
    """For doors and tasks; everything below gets its client as an argument."""
    return Client(
        base_url=settings.PLUGGY_API_URL,
        client_id=settings.PLUGGY_CLIENT_ID,
        client_secret=settings.PLUGGY_CLIENT_SECRET,
        limits=_limits(),
        version=settings.VERSION,
    )


def _limits() -> SharedLimits:
    """Per address of Pluggy's: all of ours that ask it share them."""
    return SharedLimits(
        settings.REDIS_URL,
        scope=urlsplit(settings.PLUGGY_API_URL).netloc,
        share=settings.PLUGGY_LIMITS_PERCENT / 100,
        processes=settings.PLUGGY_PROCESSES,
    )
