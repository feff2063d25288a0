"""Stored rows concluded anew in batches, each its own transaction under the item's lock."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from banking import rollups
from banking.models import Account, SyncState, Transaction
from banking.models.transactions import TransactionQuerySet
from banking.upsert.conclusions import conclude

BATCH = 5_000


class Place(NamedTuple):
    """A row in the order of the walk: newest first."""

    at: datetime
    row_id: UUID


class Was(NamedTuple):
    """What a row counted for."""

    kind: str
    category_id: str

    @classmethod
    def of(cls, row: Transaction) -> "Was":
        return cls(row.kind, row.category_id)


@dataclass(frozen=True)
class Batch:
    """Some rows of one account, concluded anew; `was` tells what each had been."""

    rows: list[Transaction]
    was: list[Was]
    changed: int

    @property
    def place(self) -> Place | None:
        return Place(self.rows[-1].occurred_at, self.rows[-1].id) if self.rows else None


Committing = Callable[[Batch], None]


def anew(
    account_id: UUID,
    wanted: Q,
    *,
    roots: Mapping[str, str],
    after: Place | None = None,
    committing: Committing = lambda batch: None,
) -> Iterator[Batch]:
    """All rows of the account that are wanted, tombstones and parts included; to go on `after` a place.

    `committing` is called inside each batch's transaction. The last batch is empty: when it comes, every
    writer who did not know yet what has changed is done. A connection that ends meanwhile ends the walk.
    """
    while True:
        try:
            batch = _batch(account_id, wanted, roots, after, committing)
        except (Account.DoesNotExist, SyncState.DoesNotExist):
            return
        yield batch
        if batch.place is None:
            return
        after = batch.place


@transaction.atomic
def _batch(
    account_id: UUID, wanted: Q, roots: Mapping[str, str], after: Place | None, committing: Committing
) -> Batch:
    # Whoever writes the item's rows holds this row; what is read behind it stays as it is.
    SyncState.objects.select_for_update().get(item__accounts=account_id)
    account = Account.objects.select_related("item__connector").get(id=account_id)
    rows = list(_after(account.transactions.filter(wanted), after)[:BATCH])
    was = [Was.of(row) for row in rows]
    changes = conclude(account, rows, roots=roots)
    rollups.apply(changes.deltas)
    batch = Batch(rows, was, changes.rows)
    committing(batch)
    return batch


def _after(rows: TransactionQuerySet, place: Place | None) -> TransactionQuerySet:
    """In the order of an index of theirs."""
    rows = rows.order_by("-occurred_at", "-id").defer("details", "note", "description_raw")
    if place is None:
        return rows
    return rows.filter(occurred_at__lte=place.at).exclude(occurred_at=place.at, id__gte=place.row_id)
