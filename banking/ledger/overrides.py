"""Store what users decide about transactions: category, kind, hidden, note and tags.

Each has a column of its own, which a sync never changes; the derived columns follow from it.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.transaction import atomic

from banking.ledger import category_outbox, history, monthly_totals, splits
from banking.ledger.derived_fields import recompute
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import (
    Account,
    CategoryTree,
    Transaction,
    TransactionChange,
    TransactionMatch,
)
from banking.ledger.models.monthly_totals import MonthlyTotalDelta


@atomic
def save_edits(transaction: Transaction, edits: TransactionEdits) -> None:
    """Store a user's edits and everything that follows from them; the bank's columns stay as they are."""
    transaction.lock()
    category_outbox.enqueue({transaction: edits.override.category_id})
    roots = CategoryTree.load().roots
    monthly_totals.apply(apply_edits(transaction.account, {transaction: edits}, roots=roots))


def apply_edits(
    account: Account, edits: Mapping[Transaction, TransactionEdits], *, roots: Mapping[str, str]
) -> list[MonthlyTotalDelta]:
    """Store edits of transactions of one account; return by how much the monthly totals change.

    Transactions with equal edits are written in one statement. The caller holds the lock of the connection.
    """
    before = history.snapshot(edits)
    by_edits: dict[TransactionEdits, list[UUID]] = {}
    for transaction, wanted in edits.items():
        by_edits.setdefault(wanted, []).append(transaction.id)
        for name, value in wanted.columns.items():
            setattr(transaction, name, value)
    for wanted, ids in by_edits.items():
        Transaction.objects.filter(id__in=ids).update(**wanted.columns)
    deltas = recompute(account, edits, roots=roots, source=None).deltas
    history.record_changes(edits, before, source=TransactionChange.Source.USER)
    return [*deltas, *_recompute_refunds(account, edits, roots)]


def _recompute_refunds(
    account: Account, purchases: Iterable[Transaction], roots: Mapping[str, str]
) -> list[MonthlyTotalDelta]:
    """Update the refunds of the purchases, because a refund takes the category of its purchase."""
    matches = (
        TransactionMatch.objects.active()
        .filter(outflow__in=purchases, kind=TransactionMatch.Kind.REFUND)
        .select_related("inflow")
    )
    refunds = [match.inflow for match in matches]
    return recompute(account, refunds, roots=roots).deltas if refunds else []


def carry_over(
    account: Account,
    old: Transaction,
    new: Transaction,
    *,
    roots: Mapping[str, str],
    with_splits: bool = True,
) -> list[MonthlyTotalDelta]:
    """Move edits, splits, reviewed matches and history from `old` to `new`, its replacement.

    Without splits, they stay with `old`, where they count nothing.
    """
    old.changes.update(transaction=new)
    carry_over_reviews(old, new)
    # The edits first: `new` is as the database has it, which is no longer so once splits point to it.
    deltas = apply_edits(account, {new: TransactionEdits.of(old)}, roots=roots)
    if with_splits:
        old.splits.update(parent_transaction=new)
    return [*deltas, *splits.sync_splits(account, roots=roots)]


def carry_over_reviews(old: Transaction, new: Transaction) -> None:
    """Move the matches that the user reviewed; the others are detected again."""
    for side in ("outflow", "inflow"):
        if not TransactionMatch.objects.filter(**{side: new}).exclude(reviewed_at=None).exists():
            TransactionMatch.objects.filter(**{side: new}).delete()
            TransactionMatch.objects.filter(**{side: old}).exclude(reviewed_at=None).update(**{side: new})
