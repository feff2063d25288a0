"""Decide about transactions that the bank no longer lists: remove them, or keep them for review.

No transaction is removed only because a list lacks it: it is asked for by id first, and the account must still
answer with transactions, because a consent that has ended answers with empty lists. Example: of 40 stored
transactions of the last ten days, 2 are missing from the list; both are asked for by id, one is there, the other
is removed (it becomes a tombstone). If 20 of the 40 are missing, which is unusual, all stay until an operator
decides.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from banking.connections.lease import Lease
from banking.connections.models import SyncRun, SyncState
from banking.ingest import transaction_upsert
from banking.ingest.batches import ListedTransactions
from banking.ledger import monthly_totals, replacements
from banking.ledger.models import Account, DeletionReview, Transaction
from banking.pluggy import Client

logger = logging.getLogger(__name__)

# More missing transactions than this at once are probably a failure of the bank: they are reviewed.
REVIEW_FROM_COUNT, REVIEW_FROM_SHARE = 5, 0.2

State = DeletionReview.State


@dataclass
class MissingTransactions:
    """Decides about the missing transactions of one account within a sync."""

    account: Account
    run: SyncRun
    lease: Lease
    client: Client
    now: Callable[[], datetime]
    roots: dict[str, str]
    read_ids: Callable[[set[UUID]], ListedTransactions]
    _answers: bool | None = field(init=False, default=None)

    def compare(self, listing: ListedTransactions, expected: QuerySet[Transaction]) -> None:
        """Compare a complete listing with the stored transactions that should be in it."""
        expected_ids = set(expected.filter(deleted_at=None).values_list("id", flat=True))
        self._shrink_reviews(listing.ids)
        missing = expected_ids - listing.ids - self._kept_ids()
        if not missing or listing.has_unidentified or not self.account_answers():
            return
        if self._is_unusual(missing, len(expected_ids)):
            with self.lease.write_transaction(self.now()):
                self._review(missing, len(expected_ids))
            return
        by_id = self.read_ids(missing)
        removable = missing - by_id.ids - self._under_review_ids()
        if removable and not by_id.has_unidentified:
            with self.lease.write_transaction(self.now()):
                self._remove(removable)

    def confirm_deleted(self, reported: set[UUID], listing: ListedTransactions) -> set[UUID]:
        """Return which transactions that a webhook reported as deleted are gone.

        `listing` is the answer when they were asked for by id. Anybody who knows the webhook secret may have
        sent the report, so what is still there stays and is logged.
        """
        if existing := reported & listing.ids:
            logger.warning(
                "account %s: %d transactions reported as deleted exist", self.account.id, len(existing)
            )
        live = self.account.transactions.live().filter(id__in=reported - listing.ids)
        missing = set(live.values_list("id", flat=True)) - self._kept_ids()
        if not missing or listing.has_unidentified or not self.account_answers():
            return set()
        return missing

    def remove_or_review(self, ids: set[UUID]) -> None:
        """Remove transactions, or keep an unusual number for review; inside the caller's transaction."""
        if not ids:
            return
        live_count = self.account.transactions.live().from_bank().count()
        if self._is_unusual(ids, live_count):
            self._review(ids, live_count)
        else:
            self._remove(ids)

    def apply_approved(self) -> None:
        """Apply the review that an operator approved: ask again by id, and remove what is still missing."""
        review = self.account.deletion_reviews.filter(state=State.APPROVED).first()
        if review is None:
            return
        by_id = self.read_ids(set(review.transaction_ids))
        if by_id.has_unidentified or not self.account_answers():
            return
        with self.lease.write_transaction(self.now()):
            removed_before = self.run.transactions_removed
            self._remove(set(review.transaction_ids) - by_id.ids)
            review.state, review.closed_at = State.APPLIED, self.now()
            review.removed_count = self.run.transactions_removed - removed_before
            review.save(update_fields=["state", "closed_at", "removed_count"])

    def account_answers(self) -> bool:
        """Tell whether the account lists any transaction; Pluggy is asked once per sync."""
        if self._answers is None:
            first_page = next(self.client.transactions(self.account.id))
            self._answers = bool(first_page.transactions or first_page.unreadable)
        return self._answers

    def _is_unusual(self, missing: set[UUID], expected_count: int) -> bool:
        """Tell whether more are missing than is usual; those that were replaced do not count."""
        limit = max(REVIEW_FROM_COUNT, REVIEW_FROM_SHARE * expected_count)
        if len(missing) <= limit:
            return False
        replaced = replacements.replaced_count(self.account, missing, now=self.now())
        return len(missing) - replaced > limit

    def _remove(self, ids: set[UUID]) -> None:
        result = transaction_upsert.remove(self.account, ids, roots=self.roots, now=self.now())
        monthly_totals.apply(result.deltas)
        SyncState.objects.mark_dates_unmatched(self.account.item_id, result.dates)
        monthly_totals.apply(replacements.handle_replacements(self.account, now=self.now(), roots=self.roots))
        self.run.transactions_removed += result.count

    def _review(self, ids: set[UUID], expected_count: int) -> None:
        """Open a review, or add to the open one of the account."""
        logger.error(
            "account %s: %d of %d transactions missing, kept for review",
            self.account.id, len(ids), expected_count,
        )  # fmt: skip
        self.run.transactions_under_review += len(ids)
        review = self.account.deletion_reviews.open().select_for_update().first()
        seen = {"run_id": self.run.pk, "last_seen_at": self.now()}
        if review is None:
            DeletionReview.objects.create(
                user_id=self.account.user_id,
                item_id=self.account.item_id,
                account=self.account,
                transaction_ids=sorted(ids),
                expected_count=expected_count,
                opened_at=self.now(),
                **seen,
            )
            return
        all_ids = ids | set(review.transaction_ids)
        live = self.account.transactions.live().filter(id__in=all_ids).values_list("id", flat=True)
        DeletionReview.objects.filter(id=review.id).update(
            transaction_ids=sorted(live),
            expected_count=max(expected_count, review.expected_count),
            **seen,
        )

    def _shrink_reviews(self, listed_ids: set[UUID]) -> None:
        """Take transactions that the bank lists again out of the reviews; clear reviews that are empty."""
        states = (State.PENDING, State.APPROVED, State.REJECTED)
        for review in self.account.deletion_reviews.filter(state__in=states):
            not_listed = set(review.transaction_ids) - listed_ids
            live = self.account.transactions.live().filter(id__in=not_listed)
            remaining = sorted(live.values_list("id", flat=True))
            if remaining == sorted(review.transaction_ids):
                continue
            values: dict[str, object] = {"transaction_ids": remaining}
            if not remaining:
                values = {"state": State.CLEARED, "closed_at": self.now()}
            with self.lease.write_transaction(self.now()):
                DeletionReview.objects.filter(id=review.id).update(**values)

    def _under_review_ids(self) -> set[UUID]:
        reviews = self.account.deletion_reviews.open()
        return {transaction_id for review in reviews for transaction_id in review.transaction_ids}

    def _kept_ids(self) -> set[UUID]:
        """Return the transactions that an operator decided to keep."""
        reviews = self.account.deletion_reviews.filter(state=State.REJECTED)
        return {transaction_id for review in reviews for transaction_id in review.transaction_ids}
