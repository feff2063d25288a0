"""Read what the user allowed a bank to share in Open Finance, and store it as a proof."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

from banking.connections.lease import Lease
from banking.connections.models import Consent, Item
from banking.ingest import records
from banking.pluggy import Client, PluggyError, Unauthorized, payloads

logger = logging.getLogger(__name__)
MAX_NAMES = 100  # products or permissions of one consent


def read_consents(item: Item, lease: Lease, client: Client, now: Callable[[], datetime]) -> None:
    """Store the consents of an Open Finance connection; those that Pluggy no longer lists stay.

    No figure needs them, so whatever Pluggy answers instead changes nothing else.
    """
    if not item.connector.is_open_finance:
        return
    try:
        listed = client.consents(item.id)
    except Unauthorized:
        client.item(item.id)  # raises as well if it is our key, not the consents
        return
    except PluggyError as error:
        logger.info("item %s: consents not read: %s", item.id, error)
        return
    stored = {consent.id: consent for consent in item.consents.all()}
    consents, unreadable = records.build_valid(listed, partial(_consent, item, stored))
    if unreadable:
        logger.warning("item %s: %d consents could not be read", item.id, len(unreadable))
    with lease.write_transaction(now()):
        records.store(consents, parent="item")


def _consent(item: Item, stored: Mapping[UUID, Consent], payload: payloads.Consent) -> Consent:
    """Build a consent. What Pluggy no longer says of it, or says in an odd way, stays as it is stored."""
    records.check_item(item, payload.item_id)
    old = stored.get(payload.id) or Consent()
    return Consent(
        id=payload.id,
        user_id=item.user_id,
        item=item,
        products=_names(payload.products) or old.products,
        permissions=_names(payload.open_finance_permissions_granted) or old.permissions,
        given_at=payload.created_at or old.given_at,
        expires_at=payload.expires_at,
        revoked_at=payload.revoked_at or old.revoked_at,
    )


def _names(values: list[str] | None) -> list[str]:
    return [name.replace("\x00", "")[:60] for name in values or []][:MAX_NAMES]
