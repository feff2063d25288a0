"""An item that ends each worker that reads it is parked, so that it ends no more of them."""

from datetime import datetime, timedelta

from banking.models import Alarm, Item, SyncRun, SyncState
from banking.sync.lease import Lease

MOST_LOST = 3  # runs in a row whose worker was lost
PARKED_FOR = timedelta(hours=24)  # or until an operator has it read again


def park(item: Item, lease: Lease, *, now: datetime) -> bool:
    """Give the lease back and record why, if the runs before this one were all lost. True when parked."""
    before = item.runs.order_by("-id").values_list("outcome", "error")[:MOST_LOST]
    if list(before) != [(SyncRun.Outcome.OVERTAKEN, SyncRun.LOST)] * MOST_LOST:
        return False
    until = now + PARKED_FOR
    SyncState.objects.filter(item_id=item.id, fence=lease.fence).update(lease_until=None, parked_until=until)
    # The next attempts, tomorrow or an operator's, are counted from this row on.
    SyncRun.objects.create(
        user=item.user, item=item, fence=lease.fence, target_seq=lease.target_seq,
        outcome=SyncRun.Outcome.PARKED, started_at=now, finished_at=now,
        error=f"{MOST_LOST} workers in a row were lost while they read it",
    )  # fmt: skip
    parked = SyncState.objects.filter(parked_until__gt=now).count()
    detail = f"reading item {item.id} ended {MOST_LOST} workers; {parked} parked: see its timeline"
    Alarm.objects.sound(Alarm.Code.PARKED, detail, now=now)
    return True
