"""Build JSON bodies as Pluggy sends them; a test changes only the fields that it is about."""

import json
import uuid
from typing import Any

import msgspec
from django.conf import settings
from django.utils import timezone

from banking.connections.models import Item
from banking.ledger.models import Account
from banking.pluggy import payloads


def event(name: str = "item/updated", *, item: Any = None, **changes: Any) -> dict[str, Any]:
    """Build the body of a webhook. `item` is an Item or an id; without it, the item is unknown."""
    body: dict[str, Any] = {
        "event": name,
        "eventId": str(uuid.uuid4()),
        "itemId": str(item.id if isinstance(item, Item) else item or uuid.uuid4()),
        "clientId": settings.PLUGGY_CLIENT_ID,
        "triggeredBy": "SYNC",
    }
    return body | changes


def transaction_payload(account: Account, **changes: Any) -> payloads.Transaction:
    """Build a transaction as Pluggy's API returns it. The keys of `changes` are Pluggy's (camelCase)."""
    now = timezone.now().isoformat()
    body: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "accountId": str(account.id),
        "description": "PADARIA",
        "currencyCode": account.currency,
        "date": now,
        "createdAt": now,
        "updatedAt": now,
        "categoryId": "11010000",
    } | changes
    amount = body.pop("amount", "-10.00")
    body.setdefault("type", "DEBIT" if str(amount).startswith("-") else "CREDIT")
    # The amount is written as text, because json.dumps would turn a Decimal into a float.
    text = json.dumps(body)[:-1] + f', "amount": {amount}}}'
    return msgspec.json.decode(text, type=payloads.Transaction)
