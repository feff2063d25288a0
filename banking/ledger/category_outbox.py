"""Send user-chosen categories to Pluggy. Best effort: it gives up after a few attempts."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q

from accounts.querysets import OwnedQuerySet
from banking.ledger.models import OTHER, CategoryUpdate, Transaction
from banking.pluggy import (
    Client,
    Gone,
    Limited,
    PluggyError,
    Refused,
    Unauthorized,
)

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
RETRY_AFTER = timedelta(minutes=10)
MAX_PER_RUN = 100
MAX_PER_STATEMENT = 1_000


def enqueue(categories: Mapping[Transaction, str | None]) -> None:
    """Queue new categories for Pluggy; None restores the category that Pluggy had sent before.

    Call it in the database transaction that stores the choices, before they are stored. Splits are not sent,
    because Pluggy does not know them. Pluggy soon reports a category that it was sent as its own: that is why
    the original category is kept with the update, and why None restores it on the transaction.
    """
    changed = {
        transaction: category_id
        for transaction, category_id in categories.items()
        if not transaction.parent_transaction_id and category_id != transaction.user_category_id
    }
    stored = CategoryUpdate.objects.in_bulk([transaction.id for transaction in changed])
    withdrawn = [transaction for transaction, category_id in changed.items() if category_id is None]
    _restore_original(withdrawn, stored)
    updates = [
        _update(transaction, category_id, stored.get(transaction.id))
        for transaction, category_id in changed.items()
    ]
    CategoryUpdate.objects.bulk_create(
        [
            update
            for update in updates
            if update.pk in stored or update.category_id != update.original_category_id
        ],
        update_conflicts=True,
        unique_fields=["transaction"],
        update_fields=["category_id", "is_pending", "attempts", "last_attempt_at"],
        batch_size=MAX_PER_STATEMENT,
    )


def _restore_original(transactions: Iterable[Transaction], stored: Mapping[UUID, CategoryUpdate]) -> None:
    """Set `bank_category_id` back to what Pluggy had sent before an update."""
    updated = [transaction for transaction in transactions if transaction.id in stored]
    for transaction in updated:
        transaction.bank_category_id = stored[transaction.id].original_category_id
    Transaction.objects.bulk_update(updated, ["bank_category_id"], batch_size=MAX_PER_STATEMENT)


def _update(
    transaction: Transaction, category_id: str | None, stored: CategoryUpdate | None
) -> CategoryUpdate:
    original = stored.original_category_id if stored else transaction.bank_category_id
    return CategoryUpdate(
        transaction=transaction,
        user_id=transaction.user_id,
        category_id=category_id or original or OTHER,
        original_category_id=original,
    )


def send_pending(*, client: Client, now: datetime) -> None:
    """Send pending updates that are due, those that waited longest first."""
    is_due = Q(last_attempt_at=None) | Q(last_attempt_at__lt=now - RETRY_AFTER)
    pending = CategoryUpdate.objects.filter(
        is_due, is_pending=True, transaction__account__item__is_imported=False
    )
    for update in pending.order_by(F("last_attempt_at").asc(nulls_first=True))[:MAX_PER_RUN]:
        try:
            _send(update, client=client, now=now)
        except (Limited, Unauthorized) as error:
            logger.info("categories are sent to Pluggy later: %s", error)
            return


def _send(update: CategoryUpdate, *, client: Client, now: datetime) -> None:
    try:
        client.update_category(update.transaction_id, update.category_id)
    except (Limited, Unauthorized):
        raise  # concerns every update, so it is not counted as an attempt of this one
    except (Gone, Refused) as error:
        _close(update, error)
    except PluggyError as error:
        if update.attempts + 1 >= MAX_ATTEMPTS:
            _close(update, error)
        else:
            _unchanged(update).update(attempts=F("attempts") + 1, last_attempt_at=now)
    else:
        _close(update)


def _close(update: CategoryUpdate, error: PluggyError | None = None) -> None:
    """Mark an update as sent or given up; delete it when Pluggy has its own category again."""
    if error is not None:
        logger.warning("the category of %s was not sent to Pluggy: %s", update.transaction_id, error)
    if update.category_id == (update.original_category_id or OTHER):
        _unchanged(update).delete()
    else:
        _unchanged(update).update(is_pending=False)


def _unchanged(update: CategoryUpdate) -> OwnedQuerySet[CategoryUpdate]:
    """Return the stored update, or nothing if the user has chosen another category meanwhile."""
    return CategoryUpdate.objects.filter(
        transaction_id=update.transaction_id, category_id=update.category_id, is_pending=True
    )
