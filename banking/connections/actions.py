"""Open the widget for a user, claim the new item, and ask Pluggy for a refresh."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.transaction import atomic

from accounts.models import User
from banking.connections import items
from banking.connections.bank_names import bank_words
from banking.connections.incidents import read_incidents
from banking.connections.models import (
    Connector,
    Item,
    Product,
    SyncState,
)
from banking.pluggy import (
    Client,
    Gone,
    Unavailable,
    payloads,
)

logger = logging.getLogger(__name__)

# What is asked of a bank: what Lume reads. The owner's identity tells own transfers from others', and the payment
# data name who was paid. Statements, brokerage notes and moving securities are not asked for.
ASKED_PRODUCTS = (
    *Product.values,
    "PAYMENT_DATA",
    "IDENTITY",
)


class NotOwner(Exception):
    """The item does not exist or is another user's; the caller must not show which."""


@dataclass(frozen=True)
class WidgetToken:
    """A token for one opening of the widget, and how to open it."""

    access_token: str
    asks_for_credentials: bool  # the user has to sign in again: some banks renew a consent only then


def connect_token(
    user: User, *, client: Client, now: datetime, item_id: UUID | None = None, oauth_redirect_uri: str = ""
) -> WidgetToken:
    """Return a connect token for one opening of the widget; with `item_id`, to update that item.

    Raises NotOwner if the item is not a connection of this user.
    """
    own = Item.objects.of(user).connected().filter(is_imported=False)
    item = own.filter(id=item_id).first() if item_id else None
    if item_id is not None and item is None:
        raise NotOwner(str(item_id))
    access_token = client.connect_token(
        client_user_id=user.reference,
        item_id=item_id,
        products=ASKED_PRODUCTS,
        avoid_duplicates=_should_avoid_duplicates(user),
        oauth_redirect_uri=oauth_redirect_uri,
    )
    return WidgetToken(access_token, asks_for_credentials=item is not None and item.is_consent_ending(now))


def _should_avoid_duplicates(user: User) -> bool:
    """Tell whether Pluggy should refuse a bank that is already connected.

    An attempt that failed counts for Pluggy, too. After a wrong password it would refuse the right one, so it
    should refuse only if all connections work.
    """
    own = Item.objects.of(user).connected().filter(gone_at=None, is_imported=False)
    return own.exists() and not own.unsuccessful().exists()


def claim(user: User, item_id: UUID, *, client: Client, now: datetime) -> Item:
    """Bind an item that the user's browser names, if Pluggy says that it is theirs. Safe to repeat.

    Raises NotOwner.
    """
    item = _bind(item_id, client=client, now=now, expected_owner=user)
    if item is None:
        raise NotOwner(str(item_id))
    return item


def bind_from_webhook(item_id: UUID, *, client: Client, now: datetime) -> Item | None:
    """Bind an item that only a webhook or a listing named to the user whom Pluggy names; None if there is none."""
    return _bind(item_id, client=client, now=now)


def _bind(item_id: UUID, *, client: Client, now: datetime, expected_owner: User | None = None) -> Item | None:
    try:
        payload = client.item(item_id, urgent=expected_owner is not None)
    except Gone:
        return None
    owner = User.objects.filter(reference=payload.client_user_id or "", is_active=True).first()
    if expected_owner is not None and owner != expected_owner:
        logger.warning("item %s was claimed by a user who does not own it", item_id)
        return None
    if owner is None:
        return None
    if payload.connector is None:
        raise Unavailable(f"item {item_id} came without a connector")
    connector = items.save_connector(payload.connector, now=now)
    return _save_item(payload, owner, connector, now)


@atomic
def _save_item(payload: payloads.Item, owner: User, connector: Connector, now: datetime) -> Item | None:
    """Store the item once; whatever is claimed later, its owner never changes."""
    columns = items.columns(payload, now=now)
    try:
        item, _ = Item.objects.get_or_create(
            id=payload.id,
            defaults=columns | {"user": owner, "connector": connector, "connected_at": now},
        )
    except IntegrityError:  # it is another user's, whom row-level security hides
        return None
    if item.user_id != owner.pk or item.disconnected_at:
        return None
    SyncState.objects.get_or_create(item=item, defaults={"due_at": now})
    SyncState.objects.mark_changed(item.id, now=now, at_once=True)
    return item


@dataclass(frozen=True)
class Bank:
    """A bank that can be connected."""

    id: int
    name: str
    is_open_finance: bool
    products: tuple[str, ...]  # that it sends; empty if Pluggy does not say
    incidents: tuple[dict[str, Any], ...]


def list_banks(*, client: Client, sandbox: bool) -> tuple[Bank, ...]:
    """Return the banks that Pluggy can connect, by name."""
    banks = (
        Bank(
            id=connector.id,
            name=connector.name[:200],
            is_open_finance=bool(connector.is_open_finance),
            products=tuple(items.read_coverage(connector.product_coverage) or connector.products or ()),
            incidents=tuple(read_incidents(connector.health.incidents if connector.health else None)),
        )
        for connector in client.connectors(sandbox=sandbox)
    )
    return tuple(sorted(banks, key=lambda bank: bank.name.casefold()))


def find_successor(connector: Connector, banks: Iterable[Bank]) -> Bank | None:
    """Return the bank's Open Finance connector if its direct one is no longer offered; None if it is not clear."""
    offered = list(banks)
    if connector.is_open_finance or not offered or any(bank.id == connector.id for bank in offered):
        return None
    name = bank_words(connector.name)
    successors = [bank for bank in offered if bank.is_open_finance and bank_words(bank.name) == name]
    return successors[0] if name and len(successors) == 1 else None


def refresh(item: Item, *, client: Client, now: datetime) -> None:
    """Ask Pluggy to collect from the bank again. Raises the PluggyError of a refusal.

    The answer is not stored, because it may already be outdated: the next sync reads the item under its lease.
    """
    client.update_item(item.id)
    with atomic():
        SyncState.objects.mark_changed(item.id, now=now, at_once=True)


def refresh_connector(connector_id: int, *, client: Client, now: datetime) -> None:
    """Load a connector again after Pluggy reported a change of its health, if a connection uses it."""
    if Connector.objects.filter(id=connector_id).exists():
        items.save_connector(client.connector(connector_id), now=now)
