"""What a run has moved is linked anew, when its rows are written: in a transaction of its own."""

from collections.abc import Callable, Mapping
from datetime import datetime

from banking import links
from banking.models import Item, SyncState
from banking.sync.lease import Lease


def link(item: Item, lease: Lease, *, roots: Mapping[str, str], now: Callable[[], datetime]) -> None:
    """The days are kept with the item, so that a run that dies before this leaves them to the next."""
    mine = SyncState.objects.filter(item_id=item.id)
    if not mine.exclude(unlinked_from=None).exists():
        return
    with lease.writing_beyond(item.user_id, now()):
        state = mine.get()
        assert state.unlinked_from and state.unlinked_to
        links.settle(item.user_id, (state.unlinked_from, state.unlinked_to), roots=roots, now=now())
        mine.update(unlinked_from=None, unlinked_to=None)
