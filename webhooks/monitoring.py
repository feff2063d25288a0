"""Open an alert when deliveries cannot arrive or syncs cannot work, and close it when they can again."""

import logging
from datetime import datetime, timedelta
from itertools import takewhile

from django.db.models import F, Sum

from banking.connections.models import (
    Alert,
    Item,
    SyncRun,
    SyncState,
)
from banking.pluggy import Client, PluggyError, Unauthorized
from webhooks import delivery_counts, registration
from webhooks.models import DeliveryCount, Event
from webhooks.registration import Problem, WantedWebhook

logger = logging.getLogger(__name__)

REFUSED_WITHIN, REFUSED_FROM = timedelta(minutes=15), 3
UNCATEGORIZED_WITHIN, UNCATEGORIZED_FROM, UNCATEGORIZED_RUNS = timedelta(days=7), 20, 100
NO_CATEGORIES = (
    "Pluggy sent the {count} newest transactions without a category: the trial is over, or the add-on is not"
    " contracted. Categories now come from codes of merchants and operations, and from the users' rules"
)
SILENT_AFTER = timedelta(hours=3)  # after an expected auto-sync
REPAIRED_AUTOMATICALLY = {Problem.DISABLED}


def check_registration(wanted: WantedWebhook, *, client: Client, now: datetime) -> None:
    """Enable the webhook again if Pluggy disabled it; for any other problem open an alert."""
    found = registration.find(wanted, client=client)
    if not found.problems:
        Alert.objects.close(Alert.Code.REGISTRATION, now=now)
        return
    action = "run manage.py register_webhook"
    if set(found.problems) <= REPAIRED_AUTOMATICALLY:
        registration.repair(found, wanted, client=client)
        action = "enabled again"
    Alert.objects.open(Alert.Code.REGISTRATION, f"{wanted.url}: {found}; {action}", now=now)


def check_credentials(*, client: Client, now: datetime) -> None:
    """Open an alert if Pluggy refuses our client id or secret, without waiting for a sync; else close it.

    If Pluggy cannot be asked, nothing is known and nothing changes.
    """
    try:
        client.check_credentials()
    except Unauthorized as error:
        Alert.objects.open(Alert.Code.CREDENTIALS, f"nothing works: {error}", now=now)
    except PluggyError as error:
        logger.warning("our credentials could not be checked: %s", error)
    else:
        Alert.objects.close(Alert.Code.CREDENTIALS, now=now)


def check_deliveries(*, now: datetime) -> None:
    """Check what the database knows of the last minutes and hours; Pluggy is not asked."""
    _check_refused(now)
    _check_silence(now)
    _check_credentials(now)
    _check_quarantined(now)
    _check_categories(now)
    delivery_counts.delete_old(now=now)


def _check_refused(now: datetime) -> None:
    recent = DeliveryCount.objects.filter(start__gt=now - REFUSED_WITHIN - delivery_counts.SPAN)
    refused = recent.aggregate(sum=Sum("refused"))["sum"] or 0
    if refused >= REFUSED_FROM:
        what = "a wrong secret or signature, or from another address"
        detail = f"{refused} in the last minutes, with {what}; Pluggy does not send them again"
        Alert.objects.open(Alert.Code.REFUSED, detail, now=now)
    elif not refused:
        Alert.objects.close(Alert.Code.REFUSED, now=now)


def _check_silence(now: datetime) -> None:
    """Open an alert if an auto-sync is overdue by hours and no delivery at all has come since."""
    expected = Item.objects.readable().filter(
        gone_at=None,
        status=Item.Status.UPDATED,
        next_auto_sync_at__lt=now - SILENT_AFTER,
        read_at__lt=F("next_auto_sync_at"),
    )
    waiting = expected.order_by("next_auto_sync_at").first()
    latest = Event.objects.order_by("-id").values_list("received_at", flat=True).first()
    if waiting and waiting.next_auto_sync_at and (latest is None or latest < waiting.next_auto_sync_at):
        since = f"{latest:%Y-%m-%d %H:%M} UTC" if latest else "ever"
        detail = (
            f"none since {since}, although item {waiting.id} and perhaps others should have been collected"
        )
        Alert.objects.open(Alert.Code.SILENCE, detail, now=now)
        return
    alert = Alert.objects.active().filter(code=Alert.Code.SILENCE).first()
    if alert and latest and latest > alert.opened_at:
        Alert.objects.close(Alert.Code.SILENCE, now=now)


def _check_credentials(now: datetime) -> None:
    """Close the alert, which a refused sync opened, once a later sync was not refused."""
    alert = Alert.objects.active().filter(code=Alert.Code.CREDENTIALS).first()
    if alert is None:
        return
    good = (SyncRun.Outcome.SUCCEEDED, SyncRun.Outcome.NOTHING_TO_READ)
    if SyncRun.objects.filter(outcome__in=good, finished_at__gt=alert.last_seen_at).exists():
        Alert.objects.close(Alert.Code.CREDENTIALS, now=now)


def _check_categories(now: datetime) -> None:
    """Open an alert if the newest transactions of all connections have no category, and close it when one has.

    Categories are an add-on of Pluggy, which a trial includes: when it ends, no transaction has one.
    """
    recent = SyncRun.objects.filter(new_transactions__gt=0, finished_at__gt=now - UNCATEGORIZED_WITHIN)
    ordered = recent.order_by("-finished_at", "-id").values_list("new_transactions", "new_categorized")
    counts = list(ordered[:UNCATEGORIZED_RUNS])
    uncategorized = list(takewhile(lambda run: run[1] == 0, counts))
    count = sum(new for new, _ in uncategorized)
    if count >= UNCATEGORIZED_FROM:
        Alert.objects.open(Alert.Code.CATEGORIES, NO_CATEGORIES.format(count=count), now=now)
    elif len(uncategorized) < len(counts):
        Alert.objects.close(Alert.Code.CATEGORIES, now=now)


def _check_quarantined(now: datetime) -> None:
    """Close the alert, which poison_pill opened, once no item is quarantined any more."""
    if not SyncState.objects.exclude(quarantined_until=None).exists():
        Alert.objects.close(Alert.Code.QUARANTINED, now=now)
