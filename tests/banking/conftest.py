"""Fixtures for the banking tests: connect a bank of the local Pluggy and read it once."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Item
from banking.web.api_client import pluggy as our_client
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import run_sync


@pytest.fixture
def connect(pluggy: LocalPluggy) -> Callable[..., Item]:
    """Return a function that connects a bank for a user and reads it once."""

    def connected(user: User, **options: Any) -> Item:
        item_id = pluggy.connect(user.reference, **options)
        item = actions.claim(user, UUID(item_id), client=our_client(), now=timezone.now())
        run_sync(item)
        return item

    return connected
