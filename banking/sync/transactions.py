"""Read one account's rows: what is new, what was hinted at, and what changed in the look-back window."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from banking import rollups
from banking.models import Account, SyncHint, SyncRun, SyncState, UnreadableRow
from banking.pluggy import Client, Refused, Rows, Unavailable, Unreadable, payloads
from banking.sync.absences import Absences
from banking.sync.batches import Batch, Found, batches
from banking.sync.lease import Lease
from banking.upsert import bounds, reappearances, transactions, unreadable

LOOK_BACK = timedelta(days=10)  # Pluggy collects the last 7 days again; 3 more for late banks
OVERLAP = timedelta(hours=1)  # rows that Pluggy made while the stream before was being read
MOST_ASKED_AGAIN = 400  # unreadable rows, in one call
Committed = Callable[[Batch, Found], None]


@dataclass
class AccountReader:
    """Reads and writes one account within a run; every batch of pages is a transaction of its own."""

    account: Account
    run: SyncRun
    lease: Lease
    client: Client
    now: Callable[[], datetime]
    roots: dict[str, str]
    absences: Absences = field(init=False)
    aside: set[UUID] = field(init=False)  # rows that could not be read so far
    met: set[UUID] = field(init=False, default_factory=set)  # of those, the ones that this run was shown

    def __post_init__(self) -> None:
        self.absences = Absences(
            self.account, self.run, self.lease, self.client, self.now, self.roots, self._ask
        )
        kept = self.account.unreadable.filter(what=UnreadableRow.What.TRANSACTION)
        self.aside = {one for one in kept.values_list("remote_id", flat=True) if one}

    def read(self, hints: list[SyncHint]) -> None:
        """Rows that went go in the transaction that writes those which may have come in their place."""
        started = self.now()
        gone = self._hinted(hints)
        self.lease.check_room(self.run.rows_read, self.now)
        new = self._new(hints, gone)
        self.lease.check_room(self.run.rows_read, self.now)
        recent = self._window()
        self.absences.carry_out()
        self._look_aside()
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

    def _new(self, hints: list[SyncHint], gone: set[UUID]) -> Found:
        """What Pluggy made since the last complete stream; everything, if there was none.

        Only a stream that was read to its end moves the mark: a run that dies between two pages, and rows
        that come by another way, leave it where it is.
        """
        since = self._since(hints)
        if since is None:
            found = self._first()
            leaving = gone
        else:
            leaving = set(gone)
            news = self.client.transactions(self.account.id, created_from=since)
            found = self._pages(news, committed=lambda batch, found: self._let_go(leaving))
        if leaving:
            with self.lease.writing(self.now()):
                self._let_go(leaving)
        return found

    def _let_go(self, leaving: set[UUID]) -> None:
        """With the first batch of news: later ones find it done."""
        self.absences.remove_or_hold(leaving)
        leaving.clear()

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
            self.absences.judge(found, account.transactions.from_bank().filter(read_at__lt=asked_at))
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

    def _hinted(self, hints: list[SyncHint]) -> set[UUID]:
        """Ask for the very rows that webhooks named; gives those that really went."""
        wanted = {one for hint in hints for one in hint.transaction_ids}
        if not wanted:
            return set()
        found = self._ask(wanted)
        said = {one for hint in hints if hint.kind == SyncHint.Kind.DELETED for one in hint.transaction_ids}
        return self.absences.confirmed(said, found)

    def _ask(self, ids: set[UUID]) -> Found:
        return self._pages(self.client.transactions_by_id(self.account.id, sorted(ids)))

    def _window(self) -> Found:
        """Read the recent days again: changes that no webhook told, and rows that are no longer there."""
        asked_at = self.now()
        since = (asked_at - LOOK_BACK).date()
        found = self._pages(self.client.transactions(self.account.id, date_from=since))
        # The bank cuts at its own midnight: a day's margin keeps rows at the edge out of question.
        edge = since + timedelta(days=1)
        mine = self.account.transactions.from_bank().filter(occurred_at__date__gt=edge, read_at__lt=asked_at)
        self.absences.judge(found, mine)
        return found

    def _look_aside(self) -> None:
        """Rows that could not be read are asked for until they can be, or are no more."""
        waiting = self.aside - self.met
        if waiting:
            asked = set(sorted(waiting)[:MOST_ASKED_AGAIN])
            found = self._ask(asked)
            with self.lease.writing(self.now()):
                unreadable.forget(self.account.item, UnreadableRow.What.TRANSACTION, asked - found.ids)
        unreadable.forget_nameless(self.account, now=self.now())

    def _pages(self, pages: Iterable[Rows], *, committed: Committed | None = None) -> Found:
        """Write the pages, batch by batch."""
        found = Found()
        for batch in batches(pages, now=self.now):
            rows, refused = bounds.sound(batch.rows, account_id=self.account.id)
            refused = [*batch.unreadable, *refused]
            found.add(rows, refused)
            with self.lease.writing(self.now()):
                self.run.rows_written += self._store(rows, batch.asked_at)
                self._keep_aside(rows, refused)
                if committed:
                    committed(batch, found)
                self._follow_up()
            self.run.rows_read += len(batch.rows)
            self.run.rows_unreadable += len(refused)
            if batch.after:  # a reading that has come to its end ends
                self.lease.check_room(self.run.rows_read, self.now)
        return found

    def _store(self, rows: Sequence[payloads.Transaction], asked_at: datetime) -> int:
        changes = transactions.store(self.account, rows, roots=self.roots, read_at=asked_at)
        rollups.apply(changes.deltas)
        SyncState.objects.moved(self.account.item_id, changes.days)
        return changes.rows

    def _follow_up(self) -> None:
        """Rows that came back under another id count as the person said, from their first commit."""
        rollups.apply(reappearances.settle(self.account, now=self.now(), roots=self.roots))

    def _keep_aside(self, rows: Sequence[payloads.Transaction], refused: Sequence[Unreadable]) -> None:
        item, what = self.account.item, UnreadableRow.What.TRANSACTION
        if self.aside:
            readable = self.aside & {row.id for row in rows}
            unreadable.forget(item, what, readable)
            self.met |= readable | (self.aside & bounds.ids(refused))
        unreadable.remember(item, what, refused, account=self.account, now=self.now())
