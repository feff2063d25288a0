"""Load world files into the local Pluggy."""

import json
from typing import Any
from uuid import UUID

import requests
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Item, SyncRun
from banking.web.api_client import pluggy as our_client
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync


def load_world(pluggy: LocalPluggy, user: User, world: dict[str, Any]) -> list[UUID]:
    """Load a world for the user and return the ids of its items."""
    url = f"{pluggy.url}/_control/world?clientUserId={user.reference}"
    answer = requests.post(url, data=json.dumps(world), timeout=30)
    assert answer.ok, answer.text
    return [UUID(item["id"]) for item in answer.json()["items"]]


def read_example(pluggy: LocalPluggy, user: User, name: str, *, step: int = 1) -> list[Item]:
    """Load a bundled world at this step for the user, read its items once, and return them."""
    url = f"{pluggy.url}/_control/world/{name}?clientUserId={user.reference}&step={step}"
    answer = requests.post(url, timeout=30)
    assert answer.ok, answer.text
    items = []
    for body in answer.json()["items"]:
        item = actions.claim(user, UUID(body["id"]), client=our_client(), now=timezone.now())
        mark_changed(item)
        assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
        item.refresh_from_db()
        items.append(item)
    return items
