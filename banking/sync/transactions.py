"""Read one account's rows: what is new, what was hinted at, and what changed in the look-back window."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from banking import rollups
from banking.models import Account, SyncHint, SyncRun, Transaction
from banking.pluggy import Client, Refused, Rows, Unavailable, payloads
from banking.sync.batches import Batch, Found, batches
from banking.sync.lease import Lease
from banking.upsert import transactions

logger = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=10)  # Pluggy collects the last 7 days again; 3 more for late banks
OVERLAP = timedelta(hours=1)  # rows that Pluggy made while the stream before was being read
Committed = Callable[[Batch, Found], None]
# More absences than this in one reading are a bank's bad day until somebody says otherwise.
HELD_FROM_ROWS, HELD_FROM_SHARE = 5, 0.2


@dataclass
class AccountReader:
    """Reads and writes one account within a run; every batch of pages is a transaction of its own."""

    account: Account
    run: SyncRun
    lease: Lease
    client: Client
    now: Callable[[], datetime]
    roots: dict[str, str]

    def read(self, hints: list[SyncHint]) -> None:
        started = self.now()
        new = self._new(hints)
        self.lease.check_room(self.run.rows_read, self.now)
        self._hinted(hints)
        self.lease.check_room(self.run.rows_read, self.now)
        recent = self._window()
        self._remember(transactions_read_at=started, **self._collected(new, recent))

    def _collected(self, *streams: Found) -> dict[str, datetime]:
        """An account that answers with rows has shown all that Pluggy had when it last collected.

        Without this a quiet account would be read from its first row on, every time. Silence proves nothing:
        a consent that has ended answers with empty lists.
        """
        marks = [stream.newest for stream in streams if stream.newest]
        collected_at = self.account.item.collected_at
        if not marks or collected_at is None:
            return {}
        return {"created_read_to": max(*marks, collected_at, self.account.created_read_to or collected_at)}

    def _new(self, hints: list[SyncHint]) -> Found:
        """What Pluggy made since the last complete stream; everything, if there was none.

        Only a stream that was read to its end moves the mark: a run that dies between two pages, and rows
        that come by another way, leave it where it is.
        """
        since = self._since(hints)
        if since is None:
            return self._first()
        found = self._pages(self.client.transactions(self.account.id, created_from=since))
        return found

    def _first(self) -> Found:
        """Everything. A reading that was interrupted goes on where it stopped, after its last commit.

        What Pluggy made since it began is behind the mark that it leaves, and so read again next.
        """
        asked_at, account = self.now(), self.account
        pages = self.client.transactions(account.id, after=account.first_read_after)
        try:
            found = self._pages(pages, committed=self._remember_place)
        except Refused as error:
            self._remember(first_read_after="")  # a place that Pluggy no longer knows: from the beginning
            raise Unavailable(f"account {account.id}: {error}") from error
        if not account.first_read_after:
            self._missing(found, account.transactions.filter(read_at__lt=asked_at))
        mark = account.first_read_newest or found.newest
        if mark is not None:
            self._remember(created_read_to=mark, first_read_after="", first_read_newest=None)
        return found if not account.first_read_after else Found()

    def _remember_place(self, batch: Batch, found: Found) -> None:
        """In the transaction that writes the batch."""
        newest = self.account.first_read_newest or found.newest
        place = {"first_read_after": batch.after, "first_read_newest": newest}
        Account.objects.filter(id=self.account.id).update(**place)

    def _remember(self, **progress: Any) -> None:
        with self.lease.writing(self.now()):
            Account.objects.filter(id=self.account.id).update(**progress)

    def _since(self, hints: list[SyncHint]) -> datetime | None:
        if self.account.created_read_to is None:
            return None
        told = [hint.created_from for hint in hints if hint.created_from is not None]
        return min([self.account.created_read_to - OVERLAP, *told])

    def _hinted(self, hints: list[SyncHint]) -> None:
        """Ask for the very rows that webhooks named; those said to be deleted must really be absent."""
        wanted = {one for hint in hints for one in hint.transaction_ids}
        if not wanted:
            return
        found = self._pages(self.client.transactions_by_id(self.account.id, sorted(wanted)))
        said = {one for hint in hints if hint.kind == SyncHint.Kind.DELETED for one in hint.transaction_ids}
        self._remove(said - found.ids)

    def _window(self) -> Found:
        """Read the recent days again: changes that no webhook told, and rows that are no longer there."""
        asked_at = self.now()
        since = (asked_at - LOOK_BACK).date()
        found = self._pages(self.client.transactions(self.account.id, date_from=since))
        # The bank cuts at its own midnight: a day's margin keeps rows at the edge out of question.
        edge = since + timedelta(days=1)
        mine = self.account.transactions.filter(occurred_at__date__gt=edge, read_at__lt=asked_at)
        self._missing(found, mine)
        return found

    def _missing(self, found: Found, expected: QuerySet[Transaction]) -> None:
        """Rows of ours that a complete reading did not hold: asked for by id before they go."""
        known = set(expected.filter(deleted_at=None).values_list("id", flat=True))
        absent = known - found.ids
        if len(absent) > max(HELD_FROM_ROWS, HELD_FROM_SHARE * len(known)):
            logger.error("account %s: %d of %d rows absent, held", self.account.id, len(absent), len(known))
            self.run.rows_held += len(absent)
        elif absent:
            again = self._pages(self.client.transactions_by_id(self.account.id, sorted(absent)))
            self._remove(absent - again.ids)

    def _pages(self, pages: Iterable[Rows], *, committed: Committed | None = None) -> Found:
        """Write the pages, batch by batch."""
        found = Found()
        for batch in batches(pages, now=self.now):
            self._refuse_strangers(batch.rows)
            found.add(batch.rows)
            with self.lease.writing(self.now()):
                changes = transactions.store(
                    self.account, batch.rows, roots=self.roots, read_at=batch.asked_at
                )
                rollups.apply(changes.deltas)
                if committed:
                    committed(batch, found)
            self.run.rows_read += len(batch.rows)
            self.run.rows_written += changes.rows
            if batch.after:  # a reading that has come to its end ends
                self.lease.check_room(self.run.rows_read, self.now)
        return found

    def _refuse_strangers(self, rows: list[payloads.Transaction]) -> None:
        strangers = [row.id for row in rows if row.account_id != self.account.id]
        if strangers:
            raise Unavailable(f"account {self.account.id} was answered with rows of another: {strangers[:3]}")

    def _remove(self, ids: set[UUID]) -> None:
        """Only for an account that still answers with rows: a consent that ended answers with none."""
        if not ids or not next(self.client.transactions(self.account.id)).rows:
            return
        with self.lease.writing(self.now()):
            changes = transactions.remove(self.account, ids, now=self.now())
            rollups.apply(changes.deltas)
        self.run.rows_removed += changes.rows
