"""Read what a bank asks of the user: a code (an item's `parameter`) or an approval (its `userAction`).

{"name": "token", "label": "Código", "assistiveText": "…", "instructions": "…", "expiresAt": "2026-11-27T10:00:00.000Z"}
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from banking.connections.incidents import read_instant
from banking.connections.models import Item

TEXTS = ("label", "assistiveText", "instructions")
MAX_LENGTH = 300


@dataclass(frozen=True)
class BankRequest:
    """A request of the bank to the user. The texts are untrusted."""

    texts: tuple[str, ...]
    expires_at: datetime | None


def read_request(item: Item) -> BankRequest | None:
    """Return what the bank asks now; None if it asks for nothing, or says nothing about it."""
    fields: Any = None
    if item.status == Item.Status.WAITING_USER_INPUT:
        fields = item.parameter
    elif item.status == Item.Status.WAITING_USER_ACTION:
        fields = item.user_action
    if not isinstance(fields, dict):
        return None
    sent = (fields.get(name) for name in TEXTS)
    texts = tuple(dict.fromkeys(text.strip()[:MAX_LENGTH] for text in sent if isinstance(text, str)))
    expires_at = fields.get("expiresAt")
    request = BankRequest(
        tuple(filter(None, texts)), read_instant(expires_at) if isinstance(expires_at, str) else None
    )
    return request if request.texts or request.expires_at else None
