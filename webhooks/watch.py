"""Watch over the deliveries: raise an alarm when none can arrive, and clear it when they do."""

from datetime import datetime, timedelta

from django.db.models import F, Sum

from banking.models import Alarm, Item, SyncRun, SyncState
from banking.pluggy import Client
from webhooks import counts, registration
from webhooks.models import DeliveryCount, Event
from webhooks.registration import Problem, Wanted

REFUSED_WITHIN, REFUSED_FROM = timedelta(minutes=15), 3
QUIET = timedelta(hours=3)  # after an auto-sync that nobody told of
REPAIRED_BY_ITSELF = {Problem.DISABLED}


def check_registration(wanted: Wanted, *, client: Client, now: datetime) -> None:
    """A webhook that Pluggy disabled is armed again; what a person has changed, a person puts right."""
    found = registration.look(wanted, client=client)
    if not found.problems:
        Alarm.objects.clear(Alarm.Code.REGISTRATION, now=now)
        return
    todo = "run manage.py register_webhook"
    if set(found.problems) <= REPAIRED_BY_ITSELF:
        registration.repair(found, wanted, client=client)
        todo = "armed again"
    Alarm.objects.sound(Alarm.Code.REGISTRATION, f"{wanted.url}: {found}; {todo}", now=now)


def check_deliveries(*, now: datetime) -> None:
    """What the database says of the last minutes and hours; Pluggy is not asked."""
    _refused(now)
    _silence(now)
    _credentials(now)
    _parked(now)
    counts.forget_old(now=now)


def _refused(now: datetime) -> None:
    recent = DeliveryCount.objects.filter(start__gt=now - REFUSED_WITHIN - counts.SPAN)
    refused = recent.aggregate(sum=Sum("refused"))["sum"] or 0
    if refused >= REFUSED_FROM:
        detail = (
            f"{refused} in the last minutes, with another secret than ours; Pluggy does not send them again"
        )
        Alarm.objects.sound(Alarm.Code.REFUSED, detail, now=now)
    elif not refused:
        Alarm.objects.clear(Alarm.Code.REFUSED, now=now)


def _silence(now: datetime) -> None:
    """An item that Pluggy should have collected hours ago, and not one delivery of any item since then."""
    expected = Item.objects.connected().filter(
        gone_at=None,
        status=Item.Status.UPDATED,
        next_auto_sync_at__lt=now - QUIET,
        read_at__lt=F("next_auto_sync_at"),
    )
    waiting = expected.order_by("next_auto_sync_at").first()
    latest = Event.objects.order_by("-id").values_list("received_at", flat=True).first()
    if waiting and waiting.next_auto_sync_at and (latest is None or latest < waiting.next_auto_sync_at):
        since = f"{latest:%Y-%m-%d %H:%M} UTC" if latest else "ever"
        detail = f"none since {since}, though item {waiting.id} and perhaps others were to be collected"
        Alarm.objects.sound(Alarm.Code.SILENCE, detail, now=now)
        return
    raised = Alarm.objects.open().filter(code=Alarm.Code.SILENCE).first()
    if raised and latest and latest > raised.raised_at:
        Alarm.objects.clear(Alarm.Code.SILENCE, now=now)


def _credentials(now: datetime) -> None:
    """Raised by the run that was refused; over when a later one was not."""
    raised = Alarm.objects.open().filter(code=Alarm.Code.CREDENTIALS).first()
    if raised is None:
        return
    good = (SyncRun.Outcome.SUCCEEDED, SyncRun.Outcome.NOTHING_TO_READ)
    if SyncRun.objects.filter(outcome__in=good, finished_at__gt=raised.last_seen_at).exists():
        Alarm.objects.clear(Alarm.Code.CREDENTIALS, now=now)


def _parked(now: datetime) -> None:
    """Raised by the run that was not begun; over when no item is parked any more."""
    if not SyncState.objects.exclude(parked_until=None).exists():
        Alarm.objects.clear(Alarm.Code.PARKED, now=now)
