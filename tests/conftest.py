"""Fixtures for all tests: the users alice and bob, their signed-in clients, and the local Pluggy."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from banking.web import api_client
from tests.local_pluggy import LocalPluggy, clear_rate_limits
from tests.signing_in import signed_in, signed_in_staff

PASSWORD = "a-long-enough-password"
SLOW = ("proof", "flows", "dev")  # folders of tests/


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the slow folders first, so that all workers end at about the same time."""
    items.sort(key=lambda item: not set(SLOW) & set(item.path.parts))


@pytest.fixture(scope="session")
def local_pluggy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPluggy]:
    """Local Pluggy: a separate process, reached over HTTP."""
    with LocalPluggy.start(tmp_path_factory.mktemp("pluggy")) as running:
        yield running


@pytest.fixture
def pluggy(local_pluggy: LocalPluggy, settings: object) -> LocalPluggy:
    """Local Pluggy without data, which the product uses as its Pluggy."""
    local_pluggy.reset()
    settings.PLUGGY_API_URL = settings.PLUGGY_CONNECT_URL = local_pluggy.url  # type: ignore[attr-defined]
    api_client.pluggy.cache_clear()
    clear_rate_limits()
    return local_pluggy


@pytest.fixture
def categories(db: None) -> None:
    """Pluggy's categories, loaded from the file in the repository."""
    call_command("load_categories", verbosity=0)


@pytest.fixture
def alice(db: None) -> User:
    return _create_user("alice@example.com", "Alice")


@pytest.fixture
def bob(db: None) -> User:
    return _create_user("bob@example.com", "Bob")


def _create_user(email: str, name: str) -> User:
    return User.objects.create(email=email, first_name=name, password=_hashed_password())


@cache
def _hashed_password() -> str:
    """Return the hash of PASSWORD, computed once because hashing is slow."""
    return make_password(PASSWORD)


@pytest.fixture
def fast_hashing(alice: User, settings: Any) -> None:
    """Hash new passwords quickly, for tests that set many; alice's is hashed before, as always."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture
def as_alice(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    return signed_in(bob)


@pytest.fixture
def admin_client(admin_user: User) -> Client:
    """An administrator with a second factor; replaces pytest-django's fixture, which has none."""
    return signed_in_staff(admin_user)


@pytest.fixture(scope="session")
def project_root() -> Path:
    return Path(django_settings.BASE_DIR)
