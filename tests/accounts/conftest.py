"""Fixtures of the tests of accounts."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _no_earlier_attempts(db: None) -> None:
    """Forget what browser tests, which commit, have counted for the address that all tests share."""
    cache.clear()
