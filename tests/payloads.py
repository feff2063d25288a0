"""Bodies as Pluggy sends them, and rows of ours, with whatever a test wants changed."""

import uuid
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from banking.models import Connector, Item, SyncState

NOON = datetime(2026, 11, 20, 15, tzinfo=UTC)


def event(name: str = "item/updated", *, item: Any = None, **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "event": name,
        "eventId": str(uuid.uuid4()),
        "itemId": str(item.id if isinstance(item, Item) else item or uuid.uuid4()),
        "clientId": settings.PLUGGY_CLIENT_ID,
        "triggeredBy": "SYNC",
    }
    return body | changes


def bound_item(user: User, **columns: Any) -> Item:
    """An item of this person that no run has looked at yet."""
    now = timezone.now()
    connector, _ = Connector.objects.get_or_create(id=9001, defaults={"name": "Banco Aurora", "seen_at": now})
    item = Item.objects.create(
        **{
            "id": uuid.uuid4(),
            "user": user,
            "connector": connector,
            "status": Item.Status.UPDATED,
            "execution_status": "SUCCESS",
            "connected_at": now,
            "read_at": now,
            "collected_at": now,
        }
        | columns
    )
    SyncState.objects.create(item=item, due_at=now)
    return item
