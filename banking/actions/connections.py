"""Connect, refresh and disconnect: what a person does with an item."""

import logging
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from accounts.models import User
from banking import links
from banking.models import (
    Account,
    Alarm,
    CategoryTree,
    Connector,
    EditedRow,
    Item,
    RowChange,
    SyncState,
    Telling,
    Transaction,
    Wording,
)
from banking.pluggy import Client, Gone, Unavailable, payloads
from banking.upsert import items

logger = logging.getLogger(__name__)


class NotYours(Exception):
    """The item does not exist or is another person's; whoever asks may not learn which."""


def connect_token(user: User, *, client: Client, item_id: UUID | None = None) -> str:
    """A token for one opening of the widget; in update mode for an item that is this person's."""
    if item_id is not None and not Item.objects.of(user).connected().filter(id=item_id).exists():
        raise NotYours(str(item_id))
    return client.connect_token(client_user_id=user.reference, item_id=item_id)


def claim(user: User, item_id: UUID, *, client: Client, now: datetime) -> Item:
    """Bind an item that the person's browser names, if Pluggy says that it is theirs. Safe to repeat."""
    mine = _bind(item_id, client=client, now=now, only=user)
    if mine is None:
        raise NotYours(str(item_id))
    return mine


def adopt(item_id: UUID, *, client: Client, now: datetime) -> Item | None:
    """Bind an item that only a webhook named, to whoever Pluggy says it is; None if nobody here."""
    return _bind(item_id, client=client, now=now)


def _bind(item_id: UUID, *, client: Client, now: datetime, only: User | None = None) -> Item | None:
    try:
        payload = client.item(item_id, urgent=only is not None)
    except Gone:
        return None
    owner = User.objects.filter(reference=payload.client_user_id or "", is_active=True).first()
    if only is not None and owner != only:
        logger.warning("item %s was claimed by person %s, whose it is not", item_id, only.pk)
        return None
    if owner is None:
        return None
    connector = items.connector(payload.connector, now=now)
    return _stored(payload, owner, connector, now)


@transaction.atomic
def _stored(payload: payloads.Item, owner: User, connector: Connector, now: datetime) -> Item | None:
    """The item's row, made once: its owner never changes, whatever is claimed later."""
    columns = items.columns(payload, now=now)
    try:
        item, _ = Item.objects.get_or_create(
            id=payload.id,
            defaults=columns | {"user": owner, "connector": connector, "connected_at": now},
        )
    except IntegrityError:  # it is another person's, whom the database does not show to this one
        return None
    if item.user_id != owner.pk or item.disconnected_at:
        return None
    SyncState.objects.get_or_create(item=item, defaults={"due_at": now})
    SyncState.objects.mark_changed(item.id, now=now, at_once=True)
    return item


def refresh(item: Item, *, client: Client, now: datetime) -> None:
    """Ask Pluggy to collect again, because the person asked. Raises what Pluggy answers.

    What became of it is read by the next run, under its lease: this answer may already be old.
    """
    client.update_item(item.id)
    with transaction.atomic():
        SyncState.objects.mark_changed(item.id, now=now, at_once=True)


def disconnect(item: Item, *, client: Client, now: datetime) -> None:
    """End the connection: the wish is stored, Pluggy is told, then the rows go.

    If Pluggy cannot be reached the error rises and the wish stands: finish_disconnection() repeats it.
    """
    with transaction.atomic():
        # Moving the fence stops a run that is on; nothing is written for this item any more.
        SyncState.objects.filter(item_id=item.id).update(fence=F("fence") + 1, lease_until=None)
        Item.objects.filter(id=item.id, disconnected_at=None).update(disconnected_at=now)
    finish_disconnection(item, client=client)


def finish_disconnection(item: Item, *, client: Client) -> None:
    try:
        client.delete_item(item.id)
    except Gone:
        if Alarm.objects.is_open(Alarm.Code.GONE):
            raise Unavailable(f"item {item.id} is said to be gone, as are many: nothing is deleted") from None
        logger.info("item %s had already ended at Pluggy", item.id)
    with transaction.atomic():
        # Whoever writes for this item holds its sync row; nothing is added while the rows go.
        SyncState.objects.hold_all(item.user_id)
        links.let_go(item, roots=CategoryTree.load().roots)
        _erase_rows(item)
        Wording.objects.forget(item.user_id)
        Item.objects.filter(id=item.id).exclude(disconnected_at=None).delete()


def _erase_rows(item: Item) -> None:
    """With what was kept about them, and without reading them: there may be a million."""
    rows = Transaction.objects.filter(account__item=item).values("id")
    RowChange.objects.filter(row_id__in=rows).delete()
    Telling.objects.filter(transaction_id__in=rows).delete()
    EditedRow.objects.filter(row_id__in=rows).delete()
    with connection.cursor() as cursor:
        cursor.execute(_SQL_ERASE, [item.id])


_SQL_ERASE = f"""
    DELETE FROM {Transaction._meta.db_table}
    WHERE account_id IN (SELECT id FROM {Account._meta.db_table} WHERE item_id = %s)
"""


def connector_health_changed(connector_id: int, *, client: Client, now: datetime) -> None:
    """Read a connector again whose health Pluggy says has changed, if anybody here uses it."""
    if Connector.objects.filter(id=connector_id).exists():
        items.connector(client.connector(connector_id), now=now)
