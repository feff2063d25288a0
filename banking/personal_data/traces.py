"""Delete what tables without a foreign key to the user hold about one: events, sessions, logs of the admin, limits.

Webhook events are found by looking up their model, because nothing below the inbox may import it.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q

from accounts.models import Erasure, User
from banking.connections.models import Item
from banking.ledger.models import ReclassificationJob
from banking.personal_data.tables import owned_tables

BATCH = 1_000

Deletion = tuple[str, int]  # a table, and how many rows of it were deleted


def events(user: User) -> "models.QuerySet[models.Model]":
    """Return the webhook events of the user's connections, and those that name the user."""
    items = Item.objects.of(user).values("id")
    rows: models.QuerySet[models.Model] = apps.get_model("webhooks", "Event")._default_manager.filter(
        Q(item_id__in=items) | Q(client_user_id=user.reference)
    )
    return rows.order_by()


def named_items(user: User) -> set[UUID]:
    """Return the connections that events call the user's, but that were never stored here."""
    named = events(user).exclude(item_id=None).values_list("item_id", flat=True).distinct()
    return {item_id for item_id in named if isinstance(item_id, UUID)}


def deletions(user: User) -> Iterator[Callable[[], Deletion]]:
    """Yield functions that delete a batch each; each is called until it deletes nothing."""
    yield lambda: _delete(events(user))
    yield lambda: _delete(_log_entries(user))
    yield lambda: _delete(ReclassificationJob.objects.filter(email__iexact=user.email))
    yield lambda: _delete_limits(user)


def delete_tracked_sessions(user: User) -> None:
    """Sign the user out on all devices that are known."""
    usersessions = apps.get_model("usersessions", "UserSession")
    keys = usersessions._default_manager.filter(user_id=user.pk).values("session_key")
    Session.objects.filter(session_key__in=keys).delete()


def delete_sessions(user: User) -> int:
    """Delete all sessions of the user, whose content has to be read for that; return their number."""
    count, last_key = 0, ""
    while batch := list(Session.objects.filter(session_key__gt=last_key).order_by("session_key")[:BATCH]):
        keys = [one.session_key for one in batch if one.get_decoded().get(SESSION_KEY) == str(user.pk)]
        count += Session.objects.filter(session_key__in=keys).delete()[0]
        last_key = batch[-1].session_key
    return count


# --- Late events -----------------------------------------------------------------------------------------
def event_keys(erasure: Erasure, names: Iterable[object]) -> set[str]:
    """Return hashes of item ids and clientUserIds, all random, so that nobody can find them by trying."""
    return {_key(erasure, name) for name in names}


def late_events(erasures: list[Erasure], *, before: datetime) -> list[int]:
    """Return the ids of the events that came, before a time, for what these erasures had deleted."""
    if not erasures:
        return []
    event = apps.get_model("webhooks", "Event")._default_manager
    first = min(erasure.requested_at for erasure in erasures)
    has_item = Exists(Item.objects.filter(id=OuterRef("item_id")))
    unknown = event.filter(~has_item, received_at__gte=first, received_at__lte=before).order_by()
    return [
        event_id
        for event_id, *names in unknown.values_list("id", "item_id", "client_user_id").iterator()
        if any(event_keys(erasure, names) & {*erasure.event_keys} for erasure in erasures)
    ]


def delete_late_events(erasures: list[Erasure], *, now: datetime) -> None:
    event = apps.get_model("webhooks", "Event")._default_manager
    event.filter(id__in=late_events(erasures, before=now)).delete()


def _key(erasure: Erasure, name: object) -> str:
    return hashlib.sha256(f"{erasure.pk}:{name}".encode()).hexdigest()


# --- Parts -----------------------------------------------------------------------------------------------
def _log_entries(user: User) -> "models.QuerySet[LogEntry]":
    """Return what administrators did with the user or with anything of theirs."""
    text = rf"\muser {user.pk}\M"
    about = Q(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    about |= Q(object_repr__icontains=user.email) | Q(change_message__icontains=user.email)
    about |= Q(change_message__regex=text) | Q(object_repr__regex=text)
    logged = set(LogEntry.objects.order_by().values_list("content_type_id", flat=True).distinct())
    for table in owned_tables():
        content_type = ContentType.objects.get_for_model(table.model, for_concrete_model=True)
        if content_type.pk in logged and table.model is not LogEntry:
            keys = table.of(user).values_list(models.functions.Cast("pk", models.TextField()), flat=True)
            about |= Q(content_type=content_type, object_id__in=keys)
    return LogEntry.objects.filter(about).order_by()


def _delete(rows: "models.QuerySet[models.Model]") -> Deletion:
    model = rows.model
    keys = list(rows.values_list("pk", flat=True)[:BATCH])
    deleted = model._base_manager.filter(pk__in=keys).delete()[0] if keys else 0
    return model._meta.db_table, deleted


def _delete_limits(user: User) -> Deletion:
    """Delete the counters of rate limits that have the user's id or a hash of their address in their key.

    allauth hashes the address, for failed sign-ins together with the host, and the id for wrong codes.
    """
    table = str(settings.CACHES["default"]["LOCATION"])
    email = user.email.lower()
    names = (email, f"{urlsplit(settings.PUBLIC_URL).netloc}:{email}", f"mfa-auth-user-{user.pk}")
    hashes = [hashlib.sha256(name.encode()).hexdigest() for name in names]
    pattern = rf":({'|'.join((f'user:{user.pk}', *hashes))})(:lock)?$"
    with connection.cursor() as cursor:
        cursor.execute(f'DELETE FROM "{table}" WHERE cache_key ~ %s', [pattern])
        return table, cursor.rowcount
