"""Doubt Pluggy when it calls many connections gone at once: wrong credentials are the likelier reason."""

from collections.abc import Callable
from datetime import datetime
from math import ceil

from django.db.models import Max
from django.db.transaction import atomic

from banking.connections.lease import Lease
from banking.connections.models import Alert, Item, SyncState
from banking.pluggy import Unavailable

MIN_COUNT, MIN_SHARE = 5, 0.02  # of the connected items; the larger of the two opens the alert


class GoneInDoubt(Unavailable):
    """Pluggy calls the item gone, and many others as well; it is asked again later."""


def mark_gone(item: Item, lease: Lease, now: Callable[[], datetime]) -> None:
    """Mark the item as gone at Pluggy.

    If too many are marked within an hour, the alert is opened and the marks are removed. Raises GoneInDoubt
    then, and as long as the alert is open.
    """
    if not Alert.objects.is_active(Alert.Code.GONE):
        with lease.write_transaction(now()):
            Item.objects.filter(id=item.id, gone_at=None).update(gone_at=now())
        recent = _recently_marked(now())
        connected_count = Item.objects.connected().count()
        if len(recent) < max(MIN_COUNT, ceil(connected_count * MIN_SHARE)):
            return
        detail = (
            f"Pluggy calls {len(recent)} of {connected_count} connections gone within an hour. Do the client"
            " id and secret belong to another application? No connection is shown as gone until one answers"
        )
        Alert.objects.open(Alert.Code.GONE, detail, now=now())
        _remove_marks(recent, now())
    raise GoneInDoubt(f"item {item.id} is reported as gone, as are many others at once")


def confirm_exists(item: Item, *, now: datetime) -> None:
    """Close the alert if this item, which Pluggy answers for, is one of those that it had called gone."""
    alert = Alert.objects.active().filter(code=Alert.Code.GONE).first()
    if alert and Item.objects.reported_gone(alert.opened_at - Alert.DOUBT).filter(id=item.id).exists():
        Alert.objects.close(Alert.Code.GONE, now=now)


def _recently_marked(now: datetime) -> list[Item]:
    """Return the items marked within an hour and since the last alert was closed."""
    closed_at = Alert.objects.filter(code=Alert.Code.GONE).aggregate(last=Max("closed_at"))["last"]
    since = max(now - Alert.DOUBT, closed_at or now - Alert.DOUBT)
    return list(Item.objects.connected().filter(gone_at__gt=since).order_by("id"))


def _remove_marks(items: list[Item], now: datetime) -> None:
    """Remove the marks, each in a transaction of its own, so that no two items are locked at once."""
    for item in items:
        with atomic():
            SyncState.objects.mark_changed(item.id, now=now)
            Item.objects.filter(id=item.id).update(gone_at=None)
