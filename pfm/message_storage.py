"""Storage of Django's messages under the name of our cookies."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class HostCookieStorage(CookieStorage):
    """Messages in a signed cookie. Django has no setting for its name."""

    @property
    def cookie_name(self) -> str:  # type: ignore[override]
        return settings.MESSAGES_COOKIE_NAME


class MessageStorage(FallbackStorage):
    """Messages in the cookie, and in the session where they are too long for it."""

    storage_classes = (HostCookieStorage, SessionStorage)
