"""Gather the pages of a listing into batches that are worth a database transaction of their own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from banking.pluggy import (
    PluggyError,
    TransactionPage,
    Unreadable,
    payloads,
)

# A commit costs as much as writing a few hundred transactions (bench/sync.py). Larger batches would have more
# to read again after a failure, and slow pages must not let the lease expire.
MAX_TRANSACTIONS = 5_000
MAX_DURATION = timedelta(seconds=10)


@dataclass
class Batch:
    """Some pages of transactions, and the cursor after the last of them."""

    requested_at: datetime  # when its first page was requested
    transactions: list[payloads.Transaction] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    next_cursor: str = ""

    def __bool__(self) -> bool:
        return bool(self.transactions or self.unreadable)


@dataclass
class ListedTransactions:
    """Contents of a listing of transactions so far."""

    ids: set[UUID] = field(default_factory=set)  # unreadable ones included
    latest: datetime | None = None  # the latest createdAt, by Pluggy's clock
    oldest: datetime | None = None  # the earliest date of a transaction
    has_unidentified: bool = False  # one without a readable id: it could be any stored transaction

    def add(
        self, transactions: Sequence[payloads.Transaction], unreadable: Sequence[Unreadable] = ()
    ) -> None:
        self.ids |= {transaction.id for transaction in transactions}
        self.ids |= {record.id for record in unreadable if record.id}
        self.has_unidentified |= any(record.id is None for record in unreadable)
        created = [transaction.created_at for transaction in transactions if transaction.created_at]
        self.latest = max([*created, *([self.latest] if self.latest else [])], default=None)
        dates = [transaction.date for transaction in transactions]
        self.oldest = min([*dates, *([self.oldest] if self.oldest else [])], default=None)


def in_batches(
    pages: Iterable[TransactionPage], *, now: Callable[[], datetime], max_transactions: int | None = None
) -> Iterator[Batch]:
    """Yield a batch as soon as it is large or old enough.

    If Pluggy fails in the middle, what was read before is yielded before the error is raised.
    """
    batch, limit = Batch(now()), max_transactions or MAX_TRANSACTIONS
    try:
        for page in pages:
            batch.transactions += page.transactions
            batch.unreadable += page.unreadable
            batch.next_cursor = page.next_cursor
            is_old = now() - batch.requested_at > MAX_DURATION
            if len(batch.transactions) >= limit or is_old:
                yield batch
                batch = Batch(now())
    except PluggyError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
