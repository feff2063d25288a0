"""This installation at Pluggy: one client with its keys, shared by everything in the process."""

from functools import cache

from django.conf import settings

from banking.pluggy import Client


@cache
def pluggy() -> Client:
    """For doors and tasks; everything below gets its client as an argument."""
    return Client(
        base_url=settings.PLUGGY_API_URL,
        client_id=settings.PLUGGY_CLIENT_ID,
        client_secret=settings.PLUGGY_CLIENT_SECRET,
    )
