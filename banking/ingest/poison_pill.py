"""Quarantine a connection whose syncs crash their workers, so that it crashes no more of them."""

from datetime import datetime, timedelta

from banking.connections.lease import Lease
from banking.connections.models import (
    Alert,
    Item,
    SyncRun,
    SyncState,
)

MAX_LOST_WORKERS = 3  # in a row
QUARANTINE = timedelta(hours=24)  # or until an operator requests a sync


def quarantine_if_poisonous(item: Item, lease: Lease, *, now: datetime) -> bool:
    """Quarantine the item if the workers of its last syncs were all lost. True if it is quarantined."""
    last_runs = item.runs.order_by("-id").values_list("outcome", "error")[:MAX_LOST_WORKERS]
    if list(last_runs) != [(SyncRun.Outcome.SUPERSEDED, SyncRun.WORKER_LOST)] * MAX_LOST_WORKERS:
        return False
    SyncState.objects.filter(item_id=item.id, fence=lease.fence).update(
        lease_until=None, quarantined_until=now + QUARANTINE
    )
    # This run is the first that was not lost, so the count starts again.
    SyncRun.objects.create(
        user=item.user,
        item=item,
        fence=lease.fence,
        target_seq=lease.target_seq,
        outcome=SyncRun.Outcome.QUARANTINED,
        started_at=now,
        finished_at=now,
        error=f"{MAX_LOST_WORKERS} workers in a row were lost during its sync",
    )
    quarantined_count = SyncState.objects.filter(quarantined_until__gt=now).count()
    detail = (
        f"{MAX_LOST_WORKERS} workers were lost during syncs of item {item.id} (see its timeline);"
        f" {quarantined_count} quarantined"
    )
    Alert.objects.open(Alert.Code.QUARANTINED, detail, now=now)
    return True
