"""Read one account's rows: what is new, what was hinted at, and what changed in the look-back window."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max

from banking import rollups
from banking.models import Account, SyncHint, SyncRun
from banking.pluggy import Client, Unavailable, payloads
from banking.sync.lease import Lease
from banking.upsert import transactions

logger = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=10)  # Pluggy collects the last 7 days again; 3 more for late banks
# More absences than this in one reading are a bank's bad day until somebody says otherwise.
HELD_FROM_ROWS, HELD_FROM_SHARE = 5, 0.2


@dataclass
class AccountReader:
    """Reads and writes one account within a run; every page is a transaction of its own."""

    account: Account
    run: SyncRun
    lease: Lease
    client: Client
    now: Callable[[], datetime]
    roots: dict[str, str]
    _seen: set[UUID] = field(default_factory=set)

    def read(self, hints: list[SyncHint]) -> None:
        started = self.now()
        newest = self.account.transactions.aggregate(newest=Max("bank_created_at"))["newest"]
        if self.account.transactions_read_at is None or newest is None:
            self._pages(self.client.transactions(self.account.id))
        else:
            self._pages(self.client.transactions(self.account.id, created_from=newest))
            self._hinted(hints)
            self._window()
        with self.lease.writing(self.now()):
            Account.objects.filter(id=self.account.id).update(transactions_read_at=started)

    def _hinted(self, hints: list[SyncHint]) -> None:
        """Ask for the very rows that webhooks named; those said to be deleted must really be absent."""
        wanted = {one for hint in hints for one in hint.transaction_ids}
        if not wanted:
            return
        found = self._pages(self.client.transactions_by_id(self.account.id, sorted(wanted)))
        said = {one for hint in hints if hint.kind == SyncHint.Kind.DELETED for one in hint.transaction_ids}
        self._remove(said - found)

    def _window(self) -> None:
        """Read the recent days again: changes that no webhook told, and rows that are no longer there."""
        asked_at = self.now()
        since = (asked_at - LOOK_BACK).date()
        found = self._pages(self.client.transactions(self.account.id, date_from=since))
        # The bank cuts at its own midnight: a day's margin keeps rows at the edge out of question.
        mine = self.account.transactions.filter(
            deleted_at=None, occurred_at__date__gt=since + timedelta(days=1), read_at__lt=asked_at
        )
        known = set(mine.values_list("id", flat=True))
        absent = known - found
        if len(absent) > max(HELD_FROM_ROWS, HELD_FROM_SHARE * len(known)):
            logger.error("account %s: %d of %d rows absent, held", self.account.id, len(absent), len(known))
            self.run.rows_held += len(absent)
        else:
            self._remove(absent)

    def _pages(self, pages: Iterable[list[payloads.Transaction]]) -> set[UUID]:
        """Write each page; gives the ids that the bank has."""
        found: set[UUID] = set()
        pages = iter(pages)
        while True:
            asked_at = self.now()
            page = next(pages, None)
            if page is None:
                return found
            self._write(page, asked_at)
            found |= {row.id for row in page}

    def _write(self, page: list[payloads.Transaction], asked_at: datetime) -> None:
        strangers = [row.id for row in page if row.account_id != self.account.id]
        if strangers:
            raise Unavailable(f"account {self.account.id} was answered with rows of another: {strangers[:3]}")
        with self.lease.writing(self.now()):
            changes = transactions.store(self.account, page, roots=self.roots, read_at=asked_at)
            rollups.recompute(changes.groups)
        self.run.rows_read += len(page)
        self.run.rows_written += changes.rows
        self._seen |= {row.id for row in page}

    def _remove(self, ids: set[UUID]) -> None:
        """Only for an account that answered with rows: a consent that ended answers with none."""
        if not ids or not self._seen:
            return
        with self.lease.writing(self.now()):
            changes = transactions.remove(self.account, ids, now=self.now())
            rollups.recompute(changes.groups)
        self.run.rows_removed += changes.rows
