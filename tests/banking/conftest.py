"""A bank of the local Pluggy, connected and read once."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import User
from banking.actions import connections
from banking.application import pluggy as our_client
from banking.models import Item
from tests.localpluggy import LocalPluggy
from tests.syncing import run


@pytest.fixture
def connect(pluggy: LocalPluggy) -> Callable[..., Item]:
    """Connect a bank for a person and read it once."""

    def connected(user: User, **options: Any) -> Item:
        item_id = pluggy.connect(user.reference, **options)
        item = connections.claim(user, UUID(item_id), client=our_client(), now=timezone.now())
        run(item)
        return item

    return connected
