"""The fixed cast and the servers of the tests: alice and bob, and one local Pluggy for everybody."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from banking import application
from tests.localpluggy import LocalPluggy, forget_limits

PASSWORD = "a-long-enough-password"
SLOW = ("proof", "flows", "dev")  # folders


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that workers end together."""
    items.sort(key=lambda item: not set(SLOW) & set(item.path.parts))


@pytest.fixture(scope="session")
def local_pluggy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPluggy]:
    """The local Pluggy as a process of its own, reached over HTTP."""
    with LocalPluggy.started(tmp_path_factory.mktemp("pluggy")) as running:
        yield running


@pytest.fixture
def pluggy(local_pluggy: LocalPluggy, settings: object) -> LocalPluggy:
    """The product points to the local Pluggy, which starts out empty."""
    local_pluggy.reset()
    settings.PLUGGY_API_URL = settings.PLUGGY_CONNECT_URL = local_pluggy.url  # type: ignore[attr-defined]
    application.pluggy.cache_clear()
    forget_limits()
    return local_pluggy


@pytest.fixture
def categories(db: None) -> None:
    call_command("load_categories", verbosity=0)


@pytest.fixture
def alice(db: None) -> User:
    return _person("alice@example.com", "Alice")


@pytest.fixture
def bob(db: None) -> User:
    return _person("bob@example.com", "Bob")


def _person(email: str, name: str) -> User:
    return User.objects.create(email=email, first_name=name, password=_hashed_password())


@cache
def _hashed_password() -> str:
    """Once for all tests: hashing takes as long as it has to."""
    return make_password(PASSWORD)


@pytest.fixture
def as_alice(alice: User) -> Client:
    return _signed_in(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    return _signed_in(bob)


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture(scope="session")
def project_root() -> Path:
    return Path(django_settings.BASE_DIR)
