"""Many connections gone at once: a wrong key is likelier than so many ends, so Pluggy's word is doubted."""

from collections.abc import Callable
from datetime import datetime
from math import ceil

from django.db import transaction
from django.db.models import Max

from banking.models import Alarm, Item, SyncState
from banking.pluggy import Unavailable
from banking.sync.lease import Lease

LEAST, SHARE = 5, 0.02  # of the connected items; the larger of both


class InDoubt(Unavailable):
    """Pluggy calls the item gone, as it does with many others: it is asked again later."""


def believe(item: Item, lease: Lease, now: Callable[[], datetime]) -> None:
    """Mark the item as gone, unless too many are; then none of the last hour is. Raises InDoubt."""
    if not Alarm.objects.is_open(Alarm.Code.GONE):
        with lease.writing(now()):
            Item.objects.filter(id=item.id, gone_at=None).update(gone_at=now())
        recent = _recent(now())
        connected = Item.objects.connected().count()
        if len(recent) < max(LEAST, ceil(connected * SHARE)):
            return
        detail = (
            f"Pluggy calls {len(recent)} of {connected} connections gone, within an hour. Are these another"
            " application's client id and secret? Nobody's connection is called gone until one answers again"
        )
        Alarm.objects.sound(Alarm.Code.GONE, detail, now=now())
        _take_back(recent, now())
    raise InDoubt(f"item {item.id} is called gone, as are many others at once")


def answered(item: Item, *, now: datetime) -> None:
    """One of those that were called gone is there: the doubt was right, and it is over."""
    alarm = Alarm.objects.open().filter(code=Alarm.Code.GONE).first()
    if alarm and Item.objects.called_gone(alarm.raised_at - Alarm.DOUBT).filter(id=item.id).exists():
        Alarm.objects.clear(Alarm.Code.GONE, now=now)


def _recent(now: datetime) -> list[Item]:
    """Marked within an hour, and not before an earlier doubt was over."""
    over = Alarm.objects.filter(code=Alarm.Code.GONE).aggregate(last=Max("cleared_at"))["last"]
    since = max(now - Alarm.DOUBT, over or now - Alarm.DOUBT)
    return list(Item.objects.connected().filter(gone_at__gt=since).order_by("id"))


def _take_back(items: list[Item], now: datetime) -> None:
    """One after the other: no item's row is waited for while another one is held."""
    for item in items:
        with transaction.atomic():
            SyncState.objects.mark_changed(item.id, now=now)
            Item.objects.filter(id=item.id).update(gone_at=None)
