"""Delete what has been kept long enough (docs/operations.md, "Retention").

Each rule deletes in batches, each its own short transaction, so no lock is held for long. What is left when the
time is over, the next run deletes.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, QuerySet

from accounts.models import SecurityEvent, User
from accounts.security_log import deletion_allowed
from banking.connections.models import Item, SyncRun
from webhooks.models import Event

BATCH = 1_000
DURATION = 5 * 60.0  # seconds that one run may take


@dataclass(frozen=True)
class Rule:
    """Something that is deleted. `delete_batch` deletes up to BATCH of it and returns how many."""

    name: str
    delete_batch: Callable[[datetime], int]


def delete_old(*, now: datetime, duration: float = DURATION) -> dict[str, int]:
    """Apply every rule; return how much was deleted, by the name of the rule."""
    until = time.monotonic() + duration
    deleted = {rule.name: 0 for rule in RULES}
    for rule in RULES:
        count = BATCH
        while count == BATCH and time.monotonic() < until:
            count = rule.delete_batch(now)
            deleted[rule.name] += count
    return deleted


def _days_ago(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


def _delete(queryset: QuerySet[Any]) -> int:
    """Delete up to BATCH of a queryset, without what depends on it."""
    model: type[Model] = queryset.model
    keys = list(queryset.order_by("pk").values_list("pk", flat=True)[:BATCH])
    model._default_manager.filter(pk__in=keys).delete()
    return len(keys)


def _empty_event_bodies(now: datetime) -> int:
    """Keep the event itself, as the timeline of its connection shows it."""
    old = Event.objects.filter(received_at__lt=_days_ago(now, settings.RETENTION_EVENT_BODIES_DAYS))
    keys = list(old.exclude(body={}).order_by("pk").values_list("pk", flat=True)[:BATCH])
    Event.objects.filter(pk__in=keys).update(body={})
    return len(keys)


def _delete_runs(now: datetime) -> int:
    cutoff = _days_ago(now, settings.RETENTION_SYNC_RUNS_DAYS)
    return _delete(SyncRun.objects.filter(started_at__lt=cutoff).exclude(outcome=SyncRun.Outcome.RUNNING))


def _delete_security_events(now: datetime) -> int:
    with deletion_allowed():
        cutoff = _days_ago(now, settings.RETENTION_SECURITY_EVENTS_DAYS)
        return _delete(SecurityEvent.objects.filter(at__lt=cutoff))


def _delete_sessions(now: datetime) -> int:
    return _delete(Session.objects.filter(expire_date__lt=now))


def _delete_devices(_now: datetime) -> int:
    """Delete what the devices page knows of sessions that no longer exist."""
    session = Session.objects.filter(session_key=OuterRef("session_key"))
    return _delete(UserSession.objects.filter(~Exists(session)))


def _delete_unconfirmed_users(now: datetime) -> int:
    """Delete users who signed up and never confirmed their address, so that its owner can sign up."""
    address = EmailAddress.objects.filter(user=OuterRef("pk"))
    unconfirmed = User.objects.filter(
        Exists(address.filter(verified=False)),
        ~Exists(address.filter(verified=True)),
        ~Exists(Item.objects.filter(user=OuterRef("pk"))),
        date_joined__lt=_days_ago(now, settings.RETENTION_UNCONFIRMED_DAYS),
        last_login=None,
        is_staff=False,
        is_superuser=False,
    )
    keys = list(unconfirmed.order_by("pk").values_list("pk", flat=True)[:BATCH])
    for key in keys:
        with deletion_allowed():  # one transaction, in which the address cannot be confirmed meanwhile
            list(EmailAddress.objects.select_for_update().filter(user_id=key))
            user = unconfirmed.filter(pk=key).first()
            if user is not None:
                SecurityEvent.objects.filter(user=user).delete()
                user.delete()
    return len(keys)


def _delete_unconfirmed_addresses(now: datetime) -> int:
    """Delete addresses to which a user wanted to change, and did not confirm. The log knows when that was."""
    recent = SecurityEvent.objects.filter(
        user=OuterRef("user"),
        code=SecurityEvent.Code.EMAIL_CHANGED,
        at__gte=_days_ago(now, settings.RETENTION_UNCONFIRMED_DAYS),
    )
    confirmed = EmailAddress.objects.filter(user=OuterRef("user"), verified=True)
    return _delete(EmailAddress.objects.filter(Exists(confirmed), ~Exists(recent), verified=False))


def _delete_cache_entries(now: datetime) -> int:
    """Delete expired entries of the cache; Django deletes them only when there are too many."""
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} WHERE cache_key IN"
            f" (SELECT cache_key FROM {table} WHERE expires < %s LIMIT {BATCH} FOR UPDATE SKIP LOCKED)",
            [now],
        )
        return int(cursor.rowcount)


RULES = (
    Rule("bodies of webhook events", _empty_event_bodies),
    Rule("sync runs", _delete_runs),
    Rule("security events", _delete_security_events),
    Rule("sessions", _delete_sessions),
    Rule("devices", _delete_devices),
    Rule("unconfirmed users", _delete_unconfirmed_users),
    Rule("unconfirmed addresses", _delete_unconfirmed_addresses),
    Rule("cache entries", _delete_cache_entries),
)
