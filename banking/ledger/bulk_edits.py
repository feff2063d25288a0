"""Bulk edits: apply one change to many transactions in batches, with undo."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now
from django.db.transaction import atomic

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.connections.models import SyncState
from banking.ledger import category_outbox, monthly_totals, overrides
from banking.ledger.classification import Override
from banking.ledger.edits import BulkChange, TransactionEdits
from banking.ledger.models import (
    Account,
    BulkEdit,
    BulkEditItem,
    CategoryTree,
    Transaction,
)
from banking.ledger.models.transactions import TransactionQuerySet

BATCH = 1_000  # transactions
KEPT = timedelta(days=1)  # the list offers to undo a bulk edit for a shorter time


class UnknownTransactions(LookupError):
    """A transaction that is named does not exist or is another user's; nothing is changed."""


def create_for_ids(user: User, ids: Collection[UUID], change: BulkChange, *, now: datetime) -> BulkEdit:
    """Create a bulk edit of exactly these transactions. Raises UnknownTransactions."""
    transactions = Transaction.objects.of(user).live().filter(id__in=ids)
    if transactions.count() != len(set(ids)):
        raise UnknownTransactions
    return create(user, transactions, change, now=now)


@atomic
def create(user: User, transactions: TransactionQuerySet, change: BulkChange, *, now: datetime) -> BulkEdit:
    """Store which transactions the edit is about; execute() then changes them."""
    BulkEdit.objects.of(user).filter(created_at__lt=now - KEPT).exclude(finished_at=None).delete()
    edit = BulkEdit.objects.create(user=user, change=asdict(change), created_at=now, progressed_at=now)
    selected, params = transactions.order_by().values("id", "account_id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_SQL_ADD_ITEMS.format(selected=selected), [edit.pk, user.pk, *params])
        edit.transaction_count = cursor.rowcount
    edit.save(update_fields=["transaction_count"])
    return edit


_SQL_ADD_ITEMS = f"""
    INSERT INTO {BulkEditItem._meta.db_table} (edit_id, user_id, transaction_id, account_id)
    SELECT %s, %s, selected.id, selected.account_id FROM ({{selected}}) AS selected
"""


@atomic
def undo(edit: BulkEdit, *, now: datetime) -> bool:
    """Mark the edit as undone; execute() then restores what it changed. False if it is too late.

    Items that the edit has not reached yet are dropped.
    """
    undoable = BulkEdit.objects.undoable(now).filter(id=edit.pk)
    undone = undoable.update(undone_at=now, finished_at=None, progressed_at=now)
    if undone:
        BulkEditItem.objects.filter(edit=edit, before__isnull=True).delete()
        BulkEdit.objects.filter(id=edit.pk).update(transaction_count=edit.items.count())
    edit.refresh_from_db()
    return bool(undone)


def execute(edit: BulkEdit, *, now: datetime) -> None:
    """Apply (or undo) the edit for every transaction. Each is processed once, however often this is called."""
    roots = CategoryTree.load().roots
    while (account_id := _next_account(edit)) is not None:
        _execute_batch(edit, account_id, roots)
    BulkEdit.objects.filter(id=edit.pk, undone_at=edit.undone_at).update(finished_at=now)


def count_remaining(edit: BulkEdit) -> int:
    """Return how many transactions the edit, or its undo, has still to process."""
    return 0 if edit.finished_at else _remaining(edit).count()


def _next_account(edit: BulkEdit) -> UUID | None:
    account_id: UUID | None = _remaining(edit).values_list("account_id", flat=True).first()
    return account_id


def _remaining(edit: BulkEdit) -> OwnedQuerySet[BulkEditItem]:
    """Return the items to process. An undo deletes each item that it has processed."""
    pending = Q(before__isnull=True) if edit.undone_at is None else Q()
    return BulkEditItem.objects.filter(pending, edit_id=edit.pk).order_by("account_id")


@atomic
def _execute_batch(edit: BulkEdit, account_id: UUID, roots: dict[str, str]) -> None:
    """Process some items of one account, holding the locks of the edit and of the connection."""
    edit.refresh_from_db(from_queryset=BulkEdit.objects.select_for_update())
    items = {item.transaction_id: item for item in _remaining(edit).filter(account_id=account_id)[:BATCH]}
    SyncState.objects.select_for_update().filter(item__accounts=account_id).first()
    account = Account.objects.select_related("item__connector").filter(id=account_id).first()
    if account is not None and items:
        change, changed = BulkChange.of(edit), {}
        for transaction in Transaction.objects.filter(id__in=items, account_id=account_id):
            current, item = TransactionEdits.of(transaction), items[transaction.id]
            wanted = _apply(change, current, item) if edit.undone_at is None else _undo(change, current, item)
            if wanted != current:
                changed[transaction] = wanted
        category_outbox.enqueue(
            {transaction: edits.override.category_id for transaction, edits in changed.items()}
        )
        monthly_totals.apply(overrides.apply_edits(account, changed, roots=roots))
    _finish_items(edit, items)
    BulkEdit.objects.filter(id=edit.pk).update(progressed_at=Now())


def _apply(change: BulkChange, current: TransactionEdits, item: BulkEditItem) -> TransactionEdits:
    """Return the changed edits and remember the current ones in the item."""
    override = current.override
    item.before = [override.category_id, override.hidden, override.kind, list(current.tags)]
    return change.apply_to(current)


def _undo(change: BulkChange, current: TransactionEdits, item: BulkEditItem) -> TransactionEdits:
    """Return the edits from before the change, unless the user has edited the transaction since."""
    category_id, hidden, kind, tags = item.before or []
    before = TransactionEdits(Override(category_id, hidden, kind), current.note, tuple(tags))
    return before if change.apply_to(before) == current else current


def _finish_items(edit: BulkEdit, items: dict[UUID, BulkEditItem]) -> None:
    """Save what was changed; delete items that were undone and those whose transaction no longer exists."""
    done = [item for item in items.values() if edit.undone_at is None and item.before is not None]
    BulkEditItem.objects.bulk_update(done, ["before"], batch_size=BATCH)
    finished = [item.pk for item in items.values() if item not in done]
    if finished:
        BulkEditItem.objects.filter(id__in=finished).delete()
