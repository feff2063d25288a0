"""Reclassify stored transactions in batches.

Each batch is one database transaction that holds the lock of the connection. recompute_in_batches() is what
rules use; a ReclassificationJob does it for all accounts and continues after an interruption.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q
from django.db.transaction import atomic

from accounts.querysets import OwnedQuerySet
from banking.connections.models import SyncState
from banking.ledger import monthly_totals
from banking.ledger.derived_fields import recompute
from banking.ledger.models import Account, CategoryTree, ReclassificationJob, Transaction
from banking.ledger.models.transactions import TransactionQuerySet

BATCH = 5_000  # transactions


class BatchCursor(NamedTuple):
    """The last transaction of a batch; batches go from the newest transaction to the oldest."""

    occurred_at: datetime
    transaction_id: UUID


class Classification(NamedTuple):
    kind: str
    category_id: str

    @classmethod
    def of(cls, transaction: Transaction) -> "Classification":
        return cls(transaction.kind, transaction.category_id)


class ClassificationChange(NamedTuple):
    """How many transactions changed from `before` to `after`, and the sum of their signed amounts."""

    currency: str
    before: Classification
    after: Classification
    transaction_count: int
    total: Decimal


@dataclass(frozen=True)
class RecomputedBatch:
    """Transactions of one account after they were reclassified, and how each was classified before."""

    transactions: list[Transaction]
    before: list[Classification]
    changed_count: int

    @property
    def cursor(self) -> BatchCursor | None:
        if not self.transactions:
            return None
        return BatchCursor(self.transactions[-1].occurred_at, self.transactions[-1].id)


BeforeCommit = Callable[[RecomputedBatch], None]


def recompute_in_batches(
    account_id: UUID,
    condition: Q,
    *,
    roots: Mapping[str, str],
    after: BatchCursor | None = None,
    before_commit: BeforeCommit = lambda _batch: None,
) -> Iterator[RecomputedBatch]:
    """Reclassify the transactions of an account that meet the condition, tombstones and splits included.

    `after` continues behind an earlier batch. `before_commit` is called inside the database transaction of
    each batch. The last batch is empty: when it comes, every writer that had not seen the change that made
    this necessary has committed. If the account is deleted meanwhile, the iteration ends.
    """
    while True:
        try:
            batch = _recompute_batch(account_id, condition, roots, after, before_commit)
        except (Account.DoesNotExist, SyncState.DoesNotExist):
            return
        yield batch
        if batch.cursor is None:
            return
        after = batch.cursor


@atomic
def _recompute_batch(
    account_id: UUID,
    condition: Q,
    roots: Mapping[str, str],
    after: BatchCursor | None,
    before_commit: BeforeCommit,
) -> RecomputedBatch:
    # Every writer of the connection's transactions holds this lock: what is read after it stays as it is.
    SyncState.objects.select_for_update().get(item__accounts=account_id)
    account = Account.objects.select_related("item__connector").get(id=account_id)
    transactions = list(_after(account.transactions.filter(condition), after)[:BATCH])
    before = [Classification.of(transaction) for transaction in transactions]
    result = recompute(account, transactions, roots=roots)
    monthly_totals.apply(result.deltas)
    batch = RecomputedBatch(transactions, before, result.count)
    before_commit(batch)
    return batch


def _after(transactions: TransactionQuerySet, cursor: BatchCursor | None) -> TransactionQuerySet:
    """Order by the index on (account, occurred_at, id) and skip what earlier batches had."""
    ordered = transactions.order_by("-occurred_at", "-id").defer("details", "note", "description_raw")
    if cursor is None:
        return ordered
    return ordered.filter(occurred_at__lte=cursor.occurred_at).exclude(
        occurred_at=cursor.occurred_at, id__gte=cursor.transaction_id
    )


# --- The job over all accounts ---------------------------------------------------------------------------


def start(*, email: str, start_date: date | None, now: datetime) -> ReclassificationJob:
    """Return the unfinished job with these options, else a new one. An empty email stands for all users."""
    unfinished = ReclassificationJob.objects.filter(email=email, start_date=start_date, finished_at=None)
    return unfinished.last() or ReclassificationJob.objects.create(
        email=email, start_date=start_date, started_at=now
    )


def remaining_count(job: ReclassificationJob) -> int:
    """Return about how many transactions are left; the account in progress counts as a whole."""
    return Transaction.objects.filter(_condition(job), account__in=_remaining_accounts(job)).count()


def run(job: ReclassificationJob) -> Iterator[int]:
    """Run the job to its end; yield after each commit how many transactions are done."""
    roots = CategoryTree.load().roots
    for account_id in list(_remaining_accounts(job).values_list("id", flat=True)):
        batches = recompute_in_batches(
            account_id,
            _condition(job),
            roots=roots,
            after=_cursor(job, account_id),
            before_commit=partial(_save_progress, job),
        )
        for _ in batches:
            yield job.transaction_count


def finish(job: ReclassificationJob, *, now: datetime) -> None:
    job.finished_at = now
    job.save(update_fields=["finished_at"])


def changes_of(job: ReclassificationJob) -> list[ClassificationChange]:
    """Return what changed, the most transactions first."""
    changes = [_parse_change(key, *values) for key, values in job.changes.items()]
    return sorted(changes, key=lambda change: -change.transaction_count)


def _parse_change(key: str, transaction_count: int, total: str) -> ClassificationChange:
    currency, before, after = key.split(" ")
    return ClassificationChange(
        currency,
        Classification(*before.split("/")),
        Classification(*after.split("/")),
        transaction_count,
        Decimal(total),
    )


def _remaining_accounts(job: ReclassificationJob) -> OwnedQuerySet[Account]:
    accounts = Account.objects.order_by("id")
    if job.email:
        accounts = accounts.filter(user__email=job.email)
    return accounts.filter(id__gte=job.account_id) if job.account_id else accounts


def _condition(job: ReclassificationJob) -> Q:
    return Q(local_date__gte=job.start_date) if job.start_date else Q()


def _cursor(job: ReclassificationJob, account_id: UUID) -> BatchCursor | None:
    if job.account_id != account_id or job.last_occurred_at is None or job.last_transaction_id is None:
        return None
    return BatchCursor(job.last_occurred_at, job.last_transaction_id)


def _save_progress(job: ReclassificationJob, batch: RecomputedBatch) -> None:
    """Save the progress in the same database transaction as the batch."""
    if batch.cursor is None:
        return
    job.account_id = batch.transactions[0].account_id
    job.last_occurred_at, job.last_transaction_id = batch.cursor
    job.transaction_count += len(batch.transactions)
    job.changed_count += batch.changed_count
    job.changes = _add_changes(job.changes, batch)
    job.save(
        update_fields=[
            "account_id",
            "last_occurred_at",
            "last_transaction_id",
            "transaction_count",
            "changed_count",
            "changes",
        ]
    )


def _add_changes(changes: dict[str, list[Any]], batch: RecomputedBatch) -> dict[str, list[Any]]:
    """Add the batch to the report; keys are `currency kind/category kind/category`, amounts are text.

    Example: {"BRL expense/05000000 transfer/04000000": [12, "-340.50"]}
    """
    totals = dict(changes)
    for transaction, before in zip(batch.transactions, batch.before, strict=True):
        after = Classification.of(transaction)
        if after != before:
            key = " ".join((transaction.signed_amount_currency, "/".join(before), "/".join(after)))
            count, total = totals.get(key, (0, "0"))
            totals[key] = [count + 1, str(Decimal(total) + transaction.signed_amount)]
    return totals
