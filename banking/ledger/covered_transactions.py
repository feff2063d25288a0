"""Store which transactions count in another connection to the same account, and move the user's edits."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from banking.ledger import matching, monthly_totals
from banking.ledger.classification import AccountContext, ClassificationInput, signed_amount_of
from banking.ledger.classification_context import account_context
from banking.ledger.coverage import Posting, find_covered, may_be_same
from banking.ledger.derived_fields import recompute
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import (
    Account,
    CoveredTransaction,
    Transaction,
    TransactionMatch,
    TransactionReplacement,
)
from banking.ledger.models.monthly_totals import MonthlyTotalDelta
from banking.ledger.models.transactions import HAS_EDITS
from banking.ledger.overrides import apply_edits, carry_over_reviews
from banking.ledger.same_money import rank
from banking.ledger.splits import COPIED_COLUMNS

Roots = Mapping[str, str]
Dates = tuple[date, date]  # first, last


def cover(
    user_id: int,
    accounts: Mapping[UUID, Account],
    superseded: Mapping[UUID, UUID],
    *,
    dates: Dates | None,
    roots: Roots,
    now: datetime,
) -> None:
    """Compare the transactions of accounts that are the same, and store which of them count.

    `superseded` maps each account that does not count to the one that does. `dates` limits the comparison to
    these days and what is paired with their transactions. The caller holds the locks of all of the user's
    connections.
    """
    stored = {
        covered.transaction_id: covered for covered in CoveredTransaction.objects.filter(user_id=user_id)
    }
    wanted: dict[UUID, UUID] = {}
    compared: set[UUID] = set()
    by_last: dict[UUID, list[Account]] = defaultdict(list)
    for listed, last in superseded.items():
        by_last[last].append(accounts[listed])
    for last, listed_accounts in by_last.items():
        in_dates = Q() if dates is None else Q(local_date__range=dates)
        pool = _postings(accounts[last], in_dates)
        pool_ids = {posting.id for posting in pool}
        # What is paired by the bank's number may be on another day, outside of `dates`.
        partner_ids = [old_id for old_id, covered in stored.items() if covered.counted_id in pool_ids]
        for account in sorted(listed_accounts, key=rank, reverse=True):
            postings = _postings(account, in_dates | Q(id__in=partner_ids) if dates else in_dates)
            compared |= {posting.id for posting in postings}
            before = {
                posting.id: stored[posting.id].counted_id for posting in postings if posting.id in stored
            }
            if unread := set(before.values()) - {posting.id for posting in pool}:
                pool += _postings(accounts[last], Q(id__in=unread))
            covered = find_covered(postings, pool, stored=before)
            wanted |= covered
            pool += [posting for posting in postings if posting.id not in covered]
    stale = [
        covered
        for covered in stored.values()
        if wanted.get(covered.transaction_id) != covered.counted_id
        and (dates is None or covered.transaction_id in compared)
    ]
    new = {
        old: counted
        for old, counted in wanted.items()
        if old not in stored or stored[old].counted_id != counted
    }
    if stale or new:
        CoverageWriter(user_id, accounts, roots).write(stale, new, now)


def _postings(account: Account, condition: Q) -> list[Posting]:
    """Return what is compared of the live transactions that meet a condition."""
    context = account_context(account)
    transactions = account.transactions.live().from_bank().filter(condition)
    return [
        _posting(transaction, context)
        for transaction in transactions.defer("details", "note", "description_raw")
    ]


def _posting(transaction: Transaction, context: AccountContext) -> Posting:
    """Return what is compared of a transaction, with the amount that the bank sent."""
    return Posting(
        transaction.id,
        transaction.local_date,
        signed_amount_of(ClassificationInput.from_transaction(transaction), context),
        transaction.signed_amount_currency,
        transaction.description,
        transaction.provider_id,
    )


@dataclass(frozen=True)
class CoverageWriter:
    """Writes which transactions of one user count in another account."""

    user_id: int
    accounts: Mapping[UUID, Account]
    roots: Roots

    def write(
        self,
        stale: Collection[CoveredTransaction],
        new: Mapping[UUID, UUID],
        now: datetime,
        *,
        is_erased: bool = False,
    ) -> None:
        """Let the stale ones count again and the new ones no longer; the user's edits move with them.

        If the transactions that counted are about to be erased, edits and answers of a later day move, too.
        """
        CoveredTransaction.objects.filter(
            transaction_id__in=[covered.transaction_id for covered in stale]
        ).delete()
        by_id = self._load(stale, new)
        for covered in stale:
            old, counted = by_id.get(covered.transaction_id), by_id.get(covered.counted_id)
            if not old or not counted:
                continue
            if covered.has_moved_edits:
                if not old.deleted_at:
                    self._return_edits(counted, old)
            elif is_erased and _is_edited(counted) and not _is_edited(old):
                self._move(counted, old)
            if is_erased:
                carry_over_reviews(counted, old)
        moved = set()
        for old_id, counted_id in new.items():
            old, counted = by_id.get(old_id), by_id.get(counted_id)
            if old and counted and _is_edited(old) and not _is_edited(counted):
                self._move(old, counted)
                moved.add(old_id)
        CoveredTransaction.objects.bulk_create(
            [
                CoveredTransaction(
                    user_id=self.user_id,
                    account_id=by_id[old_id].account_id,
                    transaction_id=old_id,
                    counted_id=counted_id,
                    has_moved_edits=old_id in moved,
                )
                for old_id, counted_id in new.items()
                if old_id in by_id
            ],
            batch_size=1_000,
        )
        self._carry_over_reviews(new, by_id)
        changed = {covered.transaction_id for covered in stale} | set(new)
        self._recompute(changed)
        days = [by_id[transaction_id].local_date for transaction_id in changed if transaction_id in by_id]
        if days:
            dates = (min(days), max(days))
            matching.update_matches(self.user_id, dates, roots=self.roots, now=now, also=set(by_id))

    def _load(self, stale: Iterable[CoveredTransaction], new: Mapping[UUID, UUID]) -> dict[UUID, Transaction]:
        ids = {*new, *new.values()}
        for covered in stale:
            ids |= {covered.transaction_id, covered.counted_id}
        return {transaction.id: transaction for transaction in Transaction.objects.filter(id__in=ids)}

    def _return_edits(self, counted: Transaction, old: Transaction) -> None:
        """Move the edits that moved to `counted` back, unless either id now belongs to another posting.

        If the bank gave the id of `counted` to another posting, its edits wait on a tombstone, to be offered
        (ledger/reused_ids.py): from there they return.
        """
        wanted = self._posting(old)
        if may_be_same(self._posting(counted), wanted):
            self._move(counted, old)
            return
        offers = TransactionReplacement.objects.suggested().filter(new_id=counted.id)
        for aside in Transaction.objects.filter(id__in=offers.values("old_id")).exclude(deleted_at=None):
            if aside.local_date == old.local_date and may_be_same(self._posting(aside), wanted):
                self._move(aside, old)
                offers.filter(old_id=aside.id).delete()
                return

    def _posting(self, transaction: Transaction) -> Posting:
        return _posting(transaction, account_context(self.accounts[transaction.account_id]))

    def _move(self, source: Transaction, target: Transaction) -> None:
        """Move the user's edits and splits from one transaction to the other."""
        edits = TransactionEdits.of(source)
        for transaction, wanted in ((source, TransactionEdits()), (target, edits)):
            account = self.accounts[transaction.account_id]
            monthly_totals.apply(apply_edits(account, {transaction: wanted}, roots=self.roots))
        self._move_splits(source, target)

    def _move_splits(self, source: Transaction, target: Transaction) -> None:
        splits = list(source.splits.all())
        if not splits:
            return
        deltas: list[MonthlyTotalDelta] = []
        for split in splits:
            deltas += MonthlyTotalDelta.of(split, sign=-1)
            split.parent_transaction = target
            for name in COPIED_COLUMNS:
                setattr(split, name, getattr(target, name))
            split.save()
            deltas += MonthlyTotalDelta.of(split, sign=1)
        monthly_totals.apply(deltas)
        for account_id, transactions in (
            (target.account_id, splits),
            (target.account_id, [target]),
            (source.account_id, [source]),
        ):
            result = recompute(self.accounts[account_id], transactions, roots=self.roots)
            monthly_totals.apply(result.deltas)

    def _carry_over_reviews(self, new: Mapping[UUID, UUID], by_id: Mapping[UUID, Transaction]) -> None:
        """Move the matches that the user reviewed to the transactions that count."""
        reviewed = TransactionMatch.objects.filter(user_id=self.user_id).exclude(reviewed_at=None)
        ids = {side for pair in reviewed.values_list("outflow_id", "inflow_id") for side in pair}
        for old_id in ids & new.keys():
            if old_id in by_id and new[old_id] in by_id:
                carry_over_reviews(by_id[old_id], by_id[new[old_id]])

    def _recompute(self, ids: Collection[UUID]) -> None:
        """Recompute the transactions with their splits: the splits first, because parents count the rest."""
        for condition in (Q(parent_transaction__in=ids), Q(id__in=ids)):
            by_account: dict[UUID, list[Transaction]] = defaultdict(list)
            for transaction in Transaction.objects.filter(condition):
                by_account[transaction.account_id].append(transaction)
            for account_id, transactions in by_account.items():
                result = recompute(self.accounts[account_id], transactions, roots=self.roots)
                monthly_totals.apply(result.deltas)


def _is_edited(transaction: Transaction) -> bool:
    is_edited = Transaction.objects.filter(HAS_EDITS, id=transaction.id).exists()
    return is_edited or transaction.splits.exists()
