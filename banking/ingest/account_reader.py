"""Read the transactions of one account: new ones, those that webhooks named, and recent ones again.

Example: Pluggy created transactions on March 1, 2 and 3; `created_read_until` is March 2, 12:00. A sync then

1. asks for the transactions that webhooks named, by id;
2. lists those created since March 2, 11:00, because pages of the listing before may still have been filling;
3. lists those dated within the last ten days, and compares them with what is stored: changes that no webhook
   reported are stored, and transactions that are missing are asked for by id before they are removed;
4. moves `created_read_until` to the latest creation time seen.

If the worker dies between two pages, the mark has not moved and the next sync lists the same again: storing a
transaction twice changes nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from banking.connections.lease import Lease
from banking.connections.models import SyncHint, SyncRun, SyncState
from banking.ingest import quarantine, transaction_upsert, validation
from banking.ingest.batches import Batch, ListedTransactions, in_batches
from banking.ingest.missing_transactions import MissingTransactions
from banking.ledger import monthly_totals, replacements
from banking.ledger.models import Account, QuarantinedRecord
from banking.pluggy import (
    Client,
    Refused,
    TransactionPage,
    Unavailable,
    Unreadable,
    payloads,
)

LOOK_BACK = timedelta(days=10)  # Pluggy collects the last 7 days again; 3 more for late banks
OVERLAP = timedelta(hours=1)  # Pluggy may create transactions while a listing is read
NEW_FOR = timedelta(days=3)
MAX_RETRIED = 400  # quarantined transactions that are asked for again in one sync
TRANSACTION = QuarantinedRecord.RecordType.TRANSACTION
BeforeCommit = Callable[[Batch, ListedTransactions], None]


@dataclass
class AccountReader:
    """Reads one account within a sync; every batch of pages is stored in a database transaction of its own."""

    account: Account
    run: SyncRun
    lease: Lease
    client: Client
    now: Callable[[], datetime]
    roots: dict[str, str]
    missing: MissingTransactions = field(init=False)
    quarantined_ids: set[UUID] = field(init=False)
    seen_quarantined_ids: set[UUID] = field(init=False, default_factory=set)  # that this sync met again

    def __post_init__(self) -> None:
        self.missing = MissingTransactions(
            self.account, self.run, self.lease, self.client, self.now, self.roots, self._read_ids
        )
        quarantined = self.account.quarantined_records.filter(record_type=TRANSACTION)
        record_ids = quarantined.values_list("record_id", flat=True)
        self.quarantined_ids = {record_id for record_id in record_ids if record_id}

    def read(self, hints: list[SyncHint]) -> None:
        started_at = self.now()
        deleted = self._read_hinted(hints)
        self.lease.check_budget(self.run.transactions_read, self.now)
        new = self._read_new(hints, deleted)
        self.lease.check_budget(self.run.transactions_read, self.now)
        recent = self._read_recent()
        self.missing.apply_approved()
        self._retry_quarantined()
        self._save_progress(transactions_read_at=started_at, **self._created_read_until(new, recent))

    def read_again(self) -> None:
        """List all transactions again, page by page, for changes of old ones that no webhook reported.

        An interrupted reading continues after its last page. What is missing is decided only by a listing that
        was not interrupted, and only for transactions after the oldest that is listed: Pluggy may no longer
        have the older ones, and they stay.
        """
        requested_at, account = self.now(), self.account
        is_whole = not account.full_read_cursor
        pages = self.client.transactions(account.id, after=account.full_read_cursor)
        try:
            listing = self._read_pages(pages, before_commit=self._save_full_read_cursor, is_page_by_page=True)
        except Refused as error:
            account.refresh_from_db(fields=["full_read_cursor"])
            if not account.full_read_cursor:
                raise  # the account itself is refused, not a cursor
            self._save_progress(full_read_cursor="")  # Pluggy no longer knows the cursor: start again
            raise Unavailable(f"account {account.id}: {error}") from error
        if is_whole and listing.oldest is not None:
            stored = account.transactions.from_bank().filter(read_at__lt=requested_at)
            self.missing.compare(listing, stored.filter(occurred_at__gt=listing.oldest))
        self._save_progress(full_read_at=self.now(), full_read_cursor="")

    def _save_full_read_cursor(self, batch: Batch, _listing: ListedTransactions) -> None:
        """Save where reading again is, in the database transaction that stores the page."""
        Account.objects.filter(id=self.account.id).update(full_read_cursor=batch.next_cursor)

    def _created_read_until(self, *listings: ListedTransactions) -> dict[str, datetime]:
        """Return the new mark: everything that Pluggy had when it last collected has been listed.

        Without the time of that collection, a quiet account would be listed from its last transaction on,
        every time. If no listing had any transaction, the mark stays: a consent that has ended answers with
        empty lists.
        """
        latest = [listing.latest for listing in listings if listing.latest]
        collected_at = self.account.item.collected_at
        if not latest or collected_at is None:
            return {}
        before = self.account.created_read_until or collected_at
        return {"created_read_until": max(*latest, collected_at, before)}

    def _read_new(self, hints: list[SyncHint], deleted: set[UUID]) -> ListedTransactions:
        """List what Pluggy created since the last complete listing; everything, if there was none.

        Transactions that a webhook reported as deleted are removed together with the first batch, because
        their replacements may be in it.
        """
        since = self._new_since(hints)
        remaining = set(deleted)

        def remove_deleted(_batch: Batch, _listing: ListedTransactions) -> None:
            self.missing.remove_or_review(remaining)
            remaining.clear()

        if since is None:
            listing = self._read_all()
        else:
            pages = self.client.transactions(self.account.id, created_from=since)
            listing = self._read_pages(pages, before_commit=remove_deleted)
        if remaining:
            with self.lease.write_transaction(self.now()):
                self.missing.remove_or_review(remaining)
        return listing

    def _new_since(self, hints: list[SyncHint]) -> datetime | None:
        if self.account.created_read_until is None:
            return None
        hinted = [hint.created_from for hint in hints if hint.created_from is not None]
        return min([self.account.created_read_until - OVERLAP, *hinted])

    def _read_all(self) -> ListedTransactions:
        """List everything; a reading that was interrupted continues after its last commit.

        What Pluggy created since the reading began is after the mark that it leaves, and is listed again by
        the next sync.
        """
        requested_at, account = self.now(), self.account
        pages = self.client.transactions(account.id, after=account.first_read_cursor)
        try:
            listing = self._read_pages(pages, before_commit=self._save_cursor)
        except Refused as error:
            account.refresh_from_db(fields=["first_read_cursor"])
            if not account.first_read_cursor:
                raise  # the account itself is refused, not a cursor
            self._save_progress(first_read_cursor="")  # Pluggy no longer knows the cursor: start again
            raise Unavailable(f"account {account.id}: {error}") from error
        is_complete = not account.first_read_cursor
        if is_complete:
            expected = account.transactions.from_bank().filter(read_at__lt=requested_at)
            self.missing.compare(listing, expected)
        mark = account.first_read_latest or listing.latest
        if mark is not None:
            self._save_progress(created_read_until=mark, first_read_cursor="", first_read_latest=None)
        return listing if is_complete else ListedTransactions()

    def _save_cursor(self, batch: Batch, listing: ListedTransactions) -> None:
        """Save where the first reading is, in the database transaction that stores the batch."""
        latest = self.account.first_read_latest or listing.latest
        progress = {"first_read_cursor": batch.next_cursor, "first_read_latest": latest}
        Account.objects.filter(id=self.account.id).update(**progress)

    def _save_progress(self, **progress: Any) -> None:
        with self.lease.write_transaction(self.now()):
            Account.objects.filter(id=self.account.id).update(**progress)

    def _read_hinted(self, hints: list[SyncHint]) -> set[UUID]:
        """Read the transactions that webhooks named; return those that are really deleted."""
        ids = {transaction_id for hint in hints for transaction_id in hint.transaction_ids}
        if not ids:
            return set()
        listing = self._read_ids(ids)
        reported = {
            transaction_id
            for hint in hints
            if hint.kind == SyncHint.Kind.DELETED
            for transaction_id in hint.transaction_ids
        }
        return self.missing.confirm_deleted(reported, listing)

    def _read_ids(self, ids: set[UUID]) -> ListedTransactions:
        return self._read_pages(self.client.transactions_by_id(self.account.id, sorted(ids)))

    def _read_recent(self) -> ListedTransactions:
        """List the recent dates again, for changes that no webhook reported and for missing transactions."""
        requested_at = self.now()
        since = (requested_at - LOOK_BACK).date()
        listing = self._read_pages(self.client.transactions(self.account.id, date_from=since))
        # The bank may cut the list at its own midnight: transactions of the first day prove nothing.
        expected = self.account.transactions.from_bank().filter(
            occurred_at__date__gt=since + timedelta(days=1), read_at__lt=requested_at
        )
        self.missing.compare(listing, expected)
        return listing

    def _retry_quarantined(self) -> None:
        """Ask again for quarantined transactions that this sync did not meet."""
        waiting = self.quarantined_ids - self.seen_quarantined_ids
        if waiting:
            ids = set(sorted(waiting)[:MAX_RETRIED])
            listing = self._read_ids(ids)
            with self.lease.write_transaction(self.now()):
                quarantine.release(self.account.item, TRANSACTION, ids - listing.ids)
        quarantine.release_unidentified(self.account, now=self.now())

    def _read_pages(
        self,
        pages: Iterable[TransactionPage],
        *,
        before_commit: BeforeCommit | None = None,
        is_page_by_page: bool = False,
    ) -> ListedTransactions:
        """Store the pages batch by batch, or one by one; return what they contained."""
        listing = ListedTransactions()
        for batch in in_batches(pages, now=self.now, max_transactions=1 if is_page_by_page else None):
            valid, invalid = validation.split_valid(batch.transactions, account=self.account)
            unreadable = [*batch.unreadable, *invalid]
            listing.add(valid, unreadable)
            with self.lease.write_transaction(self.now()):
                self.run.records_written += self._store(valid, batch.requested_at)
                self._quarantine(valid, unreadable)
                if before_commit:
                    before_commit(batch, listing)
                self._handle_replacements()
            self.run.transactions_read += len(batch.transactions)
            self._count_categorized(valid)
            self.run.records_quarantined += len(unreadable)
            if batch.next_cursor:  # a listing that is at its end is not interrupted any more
                self.lease.check_budget(self.run.transactions_read, self.now)
        return listing

    def _count_categorized(self, transactions: Iterable[payloads.Transaction]) -> None:
        """Count the new transactions and those with a category, for webhooks/monitoring.py."""
        since = self.now() - NEW_FOR
        new = [each for each in transactions if each.created_at and each.created_at > since]
        self.run.new_transactions += len(new)
        self.run.new_categorized += sum(bool(each.category_id) for each in new)

    def _store(self, transactions: Sequence[payloads.Transaction], requested_at: datetime) -> int:
        result = transaction_upsert.store(self.account, transactions, roots=self.roots, read_at=requested_at)
        monthly_totals.apply(result.deltas)
        SyncState.objects.mark_dates_unmatched(self.account.item_id, result.dates)
        return result.count

    def _handle_replacements(self) -> None:
        deltas = replacements.handle_replacements(self.account, now=self.now(), roots=self.roots)
        monthly_totals.apply(deltas)

    def _quarantine(self, valid: Sequence[payloads.Transaction], unreadable: Sequence[Unreadable]) -> None:
        item = self.account.item
        if self.quarantined_ids:
            now_readable = self.quarantined_ids & {transaction.id for transaction in valid}
            quarantine.release(item, TRANSACTION, now_readable)
            still_unreadable = self.quarantined_ids & validation.ids(unreadable)
            self.seen_quarantined_ids |= now_readable | still_unreadable
        quarantine.add(item, TRANSACTION, unreadable, account=self.account, now=self.now())
