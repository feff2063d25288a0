"""Rows of ours that the bank no longer shows: asked for by id, then removed, or held if too many."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from banking import rollups
from banking.models import Account, HeldDeletion, SyncRun, SyncState, Transaction
from banking.pluggy import Client
from banking.sync.batches import Found
from banking.sync.lease import Lease
from banking.upsert import reappearances, transactions

logger = logging.getLogger(__name__)

# More absences than this at once are a bank's bad day until somebody says otherwise.
HELD_FROM_ROWS, HELD_FROM_SHARE = 5, 0.2


@dataclass
class Absences:
    """Decides about the absences of one account within a run. Nothing is removed that was not asked for
    by id, nor from an account that answers with no rows at all: a consent that ended answers so."""

    account: Account
    run: SyncRun
    lease: Lease
    client: Client
    now: Callable[[], datetime]
    roots: dict[str, str]
    ask: Callable[[set[UUID]], Found]
    _answers: bool | None = field(init=False, default=None)

    def judge(self, found: Found, expected: QuerySet[Transaction]) -> None:
        """A complete reading `found` this; of ours it should have held these."""
        known = set(expected.filter(deleted_at=None).values_list("id", flat=True))
        self._are_back(found.ids)
        absent = known - found.ids - self._kept_by_decision()
        if not absent or found.has_nameless or not self.account_answers():
            return
        if self._is_unusual(absent, len(known)):
            self._hold(absent, len(known))
            return
        again = self.ask(absent)
        if not again.has_nameless:
            self.remove(absent - again.ids - self._waiting())

    def confirmed(self, said: set[UUID], found: Found) -> set[UUID]:
        """Rows that a webhook said were deleted and that are absent when asked for by id.

        Whoever knows the secret may have sent it (A-6): what is still there stays, and is worth a line.
        """
        if still_there := said & found.ids:
            logger.warning("account %s: %d rows said to be gone are there", self.account.id, len(still_there))
        ours = self.account.transactions.live().filter(id__in=said - found.ids)
        absent = set(ours.values_list("id", flat=True)) - self._kept_by_decision()
        if not absent or found.has_nameless or not self.account_answers():
            return set()
        return absent

    def remove(self, ids: set[UUID]) -> None:
        if ids:
            with self.lease.writing(self.now()):
                self._remove(ids)

    def remove_or_hold(self, ids: set[UUID]) -> None:
        """Inside the caller's transaction, when the rows that may have come instead are written."""
        live = self.account.transactions.live().from_bank().count() if ids else 0
        if self._is_unusual(ids, live):
            self._keep_held(ids, live)
        elif ids:
            self._remove(ids)

    def carry_out(self) -> None:
        """What an operator approved: asked for again by id, whatever was true when it was held."""
        held = self.account.held_deletions.filter(state=HeldDeletion.State.APPROVED).first()
        if held is None:
            return
        again = self.ask(set(held.transaction_ids))
        if again.has_nameless or not self.account_answers():
            return
        with self.lease.writing(self.now()):
            before = self.run.rows_removed
            self._remove(set(held.transaction_ids) - again.ids)
            held.state, held.settled_at = HeldDeletion.State.APPLIED, self.now()
            held.removed = self.run.rows_removed - before
            held.save(update_fields=["state", "settled_at", "removed"])

    def account_answers(self) -> bool:
        """With rows: else an absence proves nothing. Asked once in a run."""
        if self._answers is None:
            first = next(self.client.transactions(self.account.id))
            self._answers = bool(first.rows or first.unreadable)
        return self._answers

    def _is_unusual(self, absent: set[UUID], known: int) -> bool:
        """Rows that have a new one in their place are not lost, however many."""
        most = max(HELD_FROM_ROWS, HELD_FROM_SHARE * known)
        if len(absent) <= most:
            return False
        return len(absent) - reappearances.replaced(self.account, absent, now=self.now()) > most

    def _remove(self, ids: set[UUID]) -> None:
        changes = transactions.remove(self.account, ids, roots=self.roots, now=self.now())
        rollups.apply(changes.deltas)
        SyncState.objects.moved(self.account.item_id, changes.days)
        rollups.apply(reappearances.settle(self.account, now=self.now(), roots=self.roots))
        self.run.rows_removed += changes.rows

    def _hold(self, ids: set[UUID], known: int) -> None:
        with self.lease.writing(self.now()):
            self._keep_held(ids, known)

    def _keep_held(self, ids: set[UUID], known: int) -> None:
        """One open review per account: what another reading had missed before stays in it."""
        logger.error("account %s: %d of %d rows absent, held", self.account.id, len(ids), known)
        self.run.rows_held += len(ids)
        held = self.account.held_deletions.open().select_for_update().first()
        seen = {"run_id": self.run.pk, "seen_at": self.now(), "known": known}
        if held is None:
            HeldDeletion.objects.create(
                user_id=self.account.user_id, item_id=self.account.item_id, account=self.account,
                transaction_ids=sorted(ids), held_at=self.now(), **seen,
            )  # fmt: skip
            return
        every = ids | set(held.transaction_ids)
        live = self.account.transactions.live().filter(id__in=every).values_list("id", flat=True)
        values = {"transaction_ids": sorted(live), **seen, "known": max(known, held.known)}
        HeldDeletion.objects.filter(id=held.id).update(**values)

    def _are_back(self, ids: set[UUID]) -> None:
        """Held or kept rows that the bank shows again need no decision any more."""
        kept = (HeldDeletion.State.HELD, HeldDeletion.State.APPROVED, HeldDeletion.State.DISCARDED)
        for held in self.account.held_deletions.filter(state__in=kept):
            waiting = self.account.transactions.live().filter(id__in=set(held.transaction_ids) - ids)
            left = sorted(waiting.values_list("id", flat=True))
            if left == sorted(held.transaction_ids):
                continue
            with self.lease.writing(self.now()):
                self._shrink(held, left)

    def _shrink(self, held: HeldDeletion, left: list[UUID]) -> None:
        values: dict[str, object] = {"transaction_ids": left}
        if not left:
            values = {"state": HeldDeletion.State.CLEARED, "settled_at": self.now()}
        HeldDeletion.objects.filter(id=held.id).update(**values)

    def _waiting(self) -> set[UUID]:
        return {one for held in self.account.held_deletions.open() for one in held.transaction_ids}

    def _kept_by_decision(self) -> set[UUID]:
        discarded = self.account.held_deletions.filter(state=HeldDeletion.State.DISCARDED)
        return {one for held in discarded for one in held.transaction_ids}
