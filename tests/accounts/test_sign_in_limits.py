"""The rate limit of signing in: it is per IP address, and X-Forwarded-For counts only behind our own proxy."""

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
LIMIT = 3


@pytest.fixture(autouse=True)
def _limits(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login": f"{LIMIT}/m/ip"}


def statuses(*forwarded: str) -> list[int]:
    """Try to sign in once for each value of X-Forwarded-For; return the status codes."""
    form = {"login": "nobody@example.com", "password": "a-guess"}
    return [
        Client().post("/accounts/login/", form, headers={"X-Forwarded-For": value}).status_code
        for value in forwarded
    ]


def test_a_forged_forwarded_address_does_not_avoid_the_limit(settings: Any) -> None:
    """A-19: only the last address, which the proxy wrote, counts."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    forged = [f"198.51.100.{number}, 203.0.113.7" for number in range(LIMIT + 1)]
    assert statuses(*forged) == [200] * LIMIT + [429]
    assert statuses("198.51.100.1, 203.0.113.8") == [200]


def test_the_forwarded_header_is_ignored_without_a_proxy(settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    assert statuses(*(f"198.51.100.{number}" for number in range(LIMIT + 1))) == [200] * LIMIT + [429]
