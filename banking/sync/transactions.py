"""Read one account's rows: what is new, what was hinted at, and what changed in the look-back window."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from banking import rollups
from banking.models import Account, SyncHint, SyncRun, Transaction
from banking.pluggy import Client, Unavailable, payloads
from banking.sync.lease import Lease
from banking.upsert import transactions

logger = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=10)  # Pluggy collects the last 7 days again; 3 more for late banks
OVERLAP = timedelta(hours=1)  # rows that Pluggy made while the stream before was being read
# More absences than this in one reading are a bank's bad day until somebody says otherwise.
HELD_FROM_ROWS, HELD_FROM_SHARE = 5, 0.2


@dataclass
class Found:
    """What a stream of pages held."""

    ids: set[UUID] = field(default_factory=set)
    newest: datetime | None = None  # Pluggy's createdAt

    def add(self, page: list[payloads.Transaction]) -> None:
        self.ids |= {row.id for row in page}
        made = [row.created_at for row in page]
        self.newest = max([*made, *([self.newest] if self.newest else [])], default=None)


@dataclass
class AccountReader:
    """Reads and writes one account within a run; every page is a transaction of its own."""

    account: Account
    run: SyncRun
    lease: Lease
    client: Client
    now: Callable[[], datetime]
    roots: dict[str, str]

    def read(self, hints: list[SyncHint]) -> None:
        started = self.now()
        self._new(hints)
        self._hinted(hints)
        self._window()
        with self.lease.writing(self.now()):
            Account.objects.filter(id=self.account.id).update(transactions_read_at=started)

    def _new(self, hints: list[SyncHint]) -> None:
        """What Pluggy made since the last complete stream; everything, if there was none.

        Only a stream that was read to its end moves the mark: a run that dies between two pages, and rows
        that come by another way, leave it where it is.
        """
        asked_at, since = self.now(), self._since(hints)
        found = self._pages(self.client.transactions(self.account.id, created_from=since))
        if since is None:
            self._missing(found, self.account.transactions.filter(read_at__lt=asked_at))
        if found.newest is None:
            return
        mark = max(found.newest, self.account.created_read_to or found.newest)
        with self.lease.writing(self.now()):
            Account.objects.filter(id=self.account.id).update(created_read_to=mark)

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

    def _window(self) -> None:
        """Read the recent days again: changes that no webhook told, and rows that are no longer there."""
        asked_at = self.now()
        since = (asked_at - LOOK_BACK).date()
        found = self._pages(self.client.transactions(self.account.id, date_from=since))
        # The bank cuts at its own midnight: a day's margin keeps rows at the edge out of question.
        edge = since + timedelta(days=1)
        mine = self.account.transactions.filter(occurred_at__date__gt=edge, read_at__lt=asked_at)
        self._missing(found, mine)

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

    def _pages(self, pages: Iterable[list[payloads.Transaction]]) -> Found:
        """Write each page as it comes."""
        found = Found()
        pages = iter(pages)
        while True:
            asked_at = self.now()
            page = next(pages, None)
            if page is None:
                return found
            self._write(page, asked_at)
            found.add(page)

    def _write(self, page: list[payloads.Transaction], asked_at: datetime) -> None:
        strangers = [row.id for row in page if row.account_id != self.account.id]
        if strangers:
            raise Unavailable(f"account {self.account.id} was answered with rows of another: {strangers[:3]}")
        with self.lease.writing(self.now()):
            changes = transactions.store(self.account, page, roots=self.roots, read_at=asked_at)
            rollups.apply(changes.deltas)
        self.run.rows_read += len(page)
        self.run.rows_written += changes.rows

    def _remove(self, ids: set[UUID]) -> None:
        """Only for an account that still answers with rows: a consent that ended answers with none."""
        if not ids or not next(iter(self.client.transactions(self.account.id)), []):
            return
        with self.lease.writing(self.now()):
            changes = transactions.remove(self.account, ids, now=self.now())
            rollups.apply(changes.deltas)
        self.run.rows_removed += changes.rows
