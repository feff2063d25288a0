"""End a connection: at Pluggy first, then erase its accounts, transactions and products."""

import logging
from datetime import datetime

from django.db import connection
from django.db.models import F
from django.db.transaction import atomic

from banking.connections.models import Alert, Item, SyncState
from banking.ledger import double_listings, matching
from banking.ledger.models import (
    Account,
    BulkEditItem,
    CategoryTree,
    CategoryUpdate,
    SearchText,
    Transaction,
    TransactionChange,
)
from banking.pluggy import Client, Gone, PluggyError, Unavailable

logger = logging.getLogger(__name__)


def disconnect(item: Item, *, client: Client, now: datetime) -> None:
    """Mark a connection as ended, delete it at Pluggy, then erase its data.

    If Pluggy cannot be reached, the error is raised and the mark stays: finish_disconnection() is repeated
    later.
    """
    begin_disconnection(item, now=now)
    finish_disconnection(item, client=client)


@atomic
def begin_disconnection(item: Item, *, now: datetime) -> None:
    """Mark a connection as ended: nothing more is written for it, and finish_disconnection() erases its data."""
    # Moving the fence stops a sync that is under way: it can write nothing more for this connection.
    SyncState.objects.filter(item_id=item.id).update(fence=F("fence") + 1, lease_until=None)
    Item.objects.filter(id=item.id, disconnected_at=None).update(disconnected_at=now)


def disconnect_failed_attempts(item: Item, *, client: Client, now: datetime) -> None:
    """End earlier attempts to connect the bank of this item that failed and brought no data.

    Example: after a wrong password the user chose the bank again and entered the right one. An attempt that
    the bank still has to approve has not failed. If Pluggy cannot be reached, a task repeats it later.
    """
    attempts = Item.objects.connected().filter(
        user_id=item.user_id,
        connector_id=item.connector_id,
        status__in=(Item.Status.LOGIN_ERROR, Item.Status.OUTDATED),
        collected_at=None,
        gone_at=None,
        connected_at__lte=item.connected_at,
    )
    attempts = attempts.exclude(id=item.id).exclude(execution_status="USER_AUTHORIZATION_PENDING")
    for attempt in attempts.filter(accounts=None, investments=None, loans=None):
        try:
            disconnect(attempt, client=client, now=now)
        except PluggyError as error:
            logger.warning("failed attempt %s is not deleted yet: %s", attempt.id, error)


def finish_disconnection(item: Item, *, client: Client) -> None:
    """Delete the connection at Pluggy and erase its data. It may run twice at the same time.

    Raises a PluggyError if Pluggy does not answer, and Unavailable if it calls the item gone while it calls
    many gone: perhaps the credentials are wrong, and the item still exists for the right ones.
    """
    try:
        if not item.is_imported:
            client.delete_item(item.id)
    except Gone:
        if Alert.objects.is_active(Alert.Code.GONE):
            raise Unavailable(
                f"item {item.id} is reported as gone, as are many: nothing is deleted"
            ) from None
        logger.info("item %s had already been deleted at Pluggy", item.id)
    with atomic():
        # Every writer of the user's connections holds one of these locks: nothing is added meanwhile.
        SyncState.objects.lock_all_for_user(item.user_id)
        stored = Item.objects.filter(id=item.id).first()
        if stored is None:  # another worker has just erased it
            return
        roots = CategoryTree.load().roots
        now = stored.disconnected_at or item.connected_at
        double_listings.release(item, roots=roots, now=now)
        matching.remove_matches_of(item, roots=roots)
        _erase_transactions(item)
        SearchText.objects.delete_unused(item.user_id)
        Item.objects.filter(id=item.id).exclude(disconnected_at=None).delete()
        double_listings.update(item.user_id, roots=roots, now=now)


def _erase_transactions(item: Item) -> None:
    """Delete the transactions and what is kept about them, without loading them: there may be a million."""
    ids = Transaction.objects.filter(account__item=item).values("id")
    TransactionChange.objects.filter(transaction_id__in=ids).delete()
    CategoryUpdate.objects.filter(transaction_id__in=ids).delete()
    BulkEditItem.objects.filter(transaction_id__in=ids).delete()
    with connection.cursor() as cursor:
        cursor.execute(_SQL_ERASE, [item.id])


_SQL_ERASE = f"""
    DELETE FROM {Transaction._meta.db_table}
    WHERE account_id IN (SELECT id FROM {Account._meta.db_table} WHERE item_id = %s)
"""
