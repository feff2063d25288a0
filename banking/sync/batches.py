"""Pages on their way into the database: gathered until a batch is worth its commit, and remembered."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from banking.pluggy import PluggyError, Rows, Unreadable, payloads

# A commit costs as much as writing a few hundred rows (bench/sync.py); a lost batch is read again, and the
# lease must be renewed in time however slowly pages come.
MOST_ROWS = 5_000
LONGEST = timedelta(seconds=10)


@dataclass
class Batch:
    """Some pages of rows, and the cursor behind them."""

    asked_at: datetime  # when the first of its pages was asked for
    rows: list[payloads.Transaction] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    after: str = ""


@dataclass
class Found:
    """What a stream of pages held."""

    ids: set[UUID] = field(default_factory=set)  # of what cannot be read, too
    newest: datetime | None = None  # Pluggy's createdAt
    has_nameless: bool = False  # something without an id that can be read: any row of ours could be it

    def add(self, rows: Sequence[payloads.Transaction], unreadable: Sequence[Unreadable] = ()) -> None:
        self.ids |= {row.id for row in rows} | {one.id for one in unreadable if one.id}
        self.has_nameless |= any(one.id is None for one in unreadable)
        made = [row.created_at for row in rows]
        self.newest = max([*made, *([self.newest] if self.newest else [])], default=None)


def batches(pages: Iterable[Rows], *, now: Callable[[], datetime]) -> Iterator[Batch]:
    """Each batch as soon as it is large or old enough; what came before a failure is not thrown away."""
    batch = Batch(now())
    try:
        for page in pages:
            batch.rows += page.rows
            batch.unreadable += page.unreadable
            batch.after = page.after
            if len(batch.rows) >= MOST_ROWS or now() - batch.asked_at > LONGEST:
                yield batch
                batch = Batch(now())
    except PluggyError:
        if batch.rows or batch.unreadable:
            yield batch
        raise
    if batch.rows or batch.unreadable:
        yield batch
