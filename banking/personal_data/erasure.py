"""Erase a user: the connections at Pluggy first, then every row, then the user; at last a receipt.

Each step may be repeated, so a run that was interrupted at any point is simply run again: by its task, by the sweep
(banking/web/tasks.py) or by `manage.py dispatch`. What is left to do is known from what is left in the tables.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import Error, connection
from django.db.models import F
from django.db.transaction import atomic

from accounts import security_log
from accounts.models import Erasure, SecurityEvent, User
from banking.connections.models import Alert, Item, SyncState
from banking.personal_data import receipt, traces
from banking.personal_data.tables import OwnedTable, owned_tables
from banking.pluggy import Client, Gone, Limited, PluggyError, Refused, Unavailable

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
State = Erasure.State
GRACE = timedelta(days=7)  # in which a user may change their mind, if they choose so
BATCH = 5_000  # rows in one transaction
LOST_AFTER = timedelta(minutes=10)  # a run that has not ended by then was killed: a task takes no longer
MAX_WAIT = timedelta(hours=1)  # between two attempts
RECEIPT_TRIED_FOR = timedelta(days=7)
LATE_EVENTS_FOR = timedelta(days=8)  # Pluggy repeats a delivery for some hours; the inbox tries for a week


class NotErased(Exception):
    """Something of the user was written during the erasure, which is therefore continued."""


# --- Request -----------------------------------------------------------------------------------------------
@atomic
def request(
    user: User,
    *,
    now: datetime,
    language: str,
    wait: timedelta = timedelta(),
    requested_by: User | None = None,
    reason: str = "",
) -> Erasure:
    """Store that the user is to be erased after `wait`; without it, end their access at once.

    Call the task after the commit. An erasure that is scheduled already is brought forward, but never put off.
    """
    User.objects.select_for_update().get(pk=user.pk)
    erasure = Erasure.objects.filter(user=user).first() or Erasure(
        user=user,
        requested_at=now,
        requested_by=requested_by,
        reason=reason,
        language=language,
        try_at=now + wait,
    )
    erasure.try_at = min(erasure.try_at, now + wait)
    erasure.save()
    User.objects.filter(pk=user.pk).update(erasure_due_at=erasure.try_at)
    if not wait:
        _start(erasure)
    return erasure


@atomic
def cancel(user: User) -> bool:
    """Forget that the user is to be erased; False if it has begun."""
    if not Erasure.objects.filter(user=user, state=State.SCHEDULED).delete()[0]:
        return False
    User.objects.filter(pk=user.pk).update(erasure_due_at=None)
    return True


def _start(erasure: Erasure) -> None:
    """End the user's access and all that is written for them: nothing new comes while the data is deleted."""
    assert erasure.user_id is not None
    user = User.objects.get(pk=erasure.user_id)
    user.is_active = False
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])
    traces.delete_tracked_sessions(user)
    # Moving the fence stops a sync that is under way: it can write nothing more for this connection.
    SyncState.objects.filter(item__user=user).update(fence=F("fence") + 1, lease_until=None)
    Erasure.objects.filter(pk=erasure.pk).update(state=State.RUNNING)
    erasure.state = State.RUNNING


@dataclass(frozen=True)
class Attempt:
    """One attempt to finish an erasure."""

    erasure: Erasure
    client: Client
    now: Clock


# --- Run -----------------------------------------------------------------------------------------------
def run(erasure_id: UUID, *, client: Client, now: Clock) -> bool:
    """Start or continue an erasure, if that is due. True if it is done.

    A failure is recorded, and the erasure is due again later. A second run of the same erasure does nothing.
    """
    with _single_run(erasure_id) as is_only_one:
        erasure = _take(erasure_id, now()) if is_only_one else None
        if erasure is None:
            return False
        try:
            for step in STEPS:
                step(Attempt(erasure, client, now))
        except PluggyError as error:
            _retry_later(erasure, error, now())
            return False
        except Exception as error:
            _retry_later(erasure, error, now())
            raise
        return True


@atomic
def _take(erasure_id: UUID, now: datetime) -> Erasure | None:
    """Return the erasure if it is due; from now on it cannot be cancelled."""
    erasure = Erasure.objects.due(now).select_for_update().filter(pk=erasure_id).first()
    if erasure is None:
        return None
    if erasure.state == State.SCHEDULED:
        _start(erasure)
    erasure.attempts += 1
    erasure.try_at = now + LOST_AFTER
    erasure.save(update_fields=["attempts", "try_at"])
    return erasure


@contextmanager
def _single_run(erasure_id: UUID) -> Iterator[bool]:
    """Lock the erasure for this session of the database; the lock ends with the session, also if it is killed."""
    key = erasure_id.int % 2**63
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        (is_locked,) = cursor.fetchone()
    try:
        yield is_locked
    finally:
        if is_locked:
            _unlock(key)


def _unlock(key: int) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
    except Error:  # the session is broken, and its locks are gone with it
        connection.close()


def _retry_later(erasure: Erasure, error: Exception, now: datetime) -> None:
    wait = min(timedelta(seconds=30) * 2 ** min(erasure.attempts, 10), MAX_WAIT)
    if isinstance(error, Limited):
        wait = timedelta(seconds=error.wait)
    name = type(error).__name__
    logger.warning("erasure %s is continued in %s: %s", erasure.pk, wait, name)
    Erasure.objects.filter(pk=erasure.pk).update(try_at=now + wait, failure=name)


def _erase_sessions(attempt: Attempt) -> None:
    erasure = attempt.erasure
    if erasure.user is not None:
        _count(erasure, "django_session", traces.delete_sessions(erasure.user))


def _delete_at_pluggy(attempt: Attempt) -> None:
    """Delete the user's connections at Pluggy, also those that were never stored here. A 404 is the proof."""
    erasure = attempt.erasure
    user = erasure.user
    if user is None:
        return
    stored = Item.objects.of(user)
    own = set(stored.values_list("id", flat=True))
    imported = set(stored.filter(is_imported=True).values_list("id", flat=True))
    others = (traces.named_items(user) | _listed_items(user, attempt.client)) - own
    keys = traces.event_keys(erasure, [user.reference, *own, *others])
    erasure.event_keys = sorted({*erasure.event_keys, *keys})
    erasure.save(update_fields=["event_keys"])
    for item_id in sorted(others):
        if _is_of(user, item_id, attempt.client):
            _delete_item(item_id, attempt.client)
    for item_id in sorted(own - imported):
        _delete_item(item_id, attempt.client)


def _listed_items(user: User, client: Client) -> set[UUID]:
    """Return the items that Pluggy lists for the user; none where it does not list any."""
    try:
        return {
            payload.id
            for page in client.items(client_user_id=user.reference)
            for payload in page.items
            if payload.client_user_id == user.reference
        }
    except Refused:
        return set()


def _is_of(user: User, item_id: UUID, client: Client) -> bool:
    try:
        return client.item(item_id).client_user_id == user.reference
    except Gone:
        return False


def _delete_item(item_id: UUID, client: Client) -> None:
    """Delete an item at Pluggy. Raises a PluggyError unless Pluggy then calls it gone."""
    try:
        client.delete_item(item_id)
    except Gone:
        # Perhaps it exists for other credentials, the right ones.
        if Alert.objects.is_active(Alert.Code.GONE):
            raise Unavailable("an item is reported as gone, as are many: nothing is deleted") from None
    try:
        client.item(item_id)
    except Gone:
        return
    raise Unavailable("an item exists after it was deleted")


def _erase_traces(attempt: Attempt) -> None:
    erasure = attempt.erasure
    if erasure.user is None:
        return
    for delete in traces.deletions(erasure.user):
        while _delete_batch(erasure, delete):
            pass


def _erase_rows(attempt: Attempt) -> None:
    """Delete all rows of the user in batches, those that others refer to last."""
    erasure = attempt.erasure
    user_id = erasure.user_id
    if user_id is None:
        return
    for table in owned_tables():
        delete = partial(_delete_rows, table, user_id)
        while _delete_batch(erasure, delete, is_log=table.model is SecurityEvent):
            pass


def _delete_rows(table: OwnedTable, user_id: int) -> traces.Deletion:
    return table.name, table.delete(user_id, BATCH)


def _delete_batch(erasure: Erasure, delete: Callable[[], traces.Deletion], *, is_log: bool = False) -> int:
    """Delete a batch and count it, in one transaction; return how many rows it had."""
    with atomic(), security_log.deletion_allowed() if is_log else nullcontext():
        table, count = delete()
        _count(erasure, table, count)
    return count


def _count(erasure: Erasure, table: str, count: int) -> None:
    if count:
        counts = erasure.counts | {table: erasure.counts.get(table, 0) + count}
        Erasure.objects.filter(pk=erasure.pk).update(counts=counts)
        erasure.counts = counts


def _erase_user(attempt: Attempt) -> None:
    """Delete the user and all that the erasure says about them, but the address for the receipt."""
    erasure = attempt.erasure
    user = erasure.user
    if user is None:
        return
    with atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if any(table.of(user).exists() for table in owned_tables()):
            raise NotErased
        erasure.user, erasure.email = None, user.email
        erasure.state, erasure.erased_at = State.ERASED, attempt.now()
        erasure.reason = erasure.failure = ""
        erasure.counts |= {User._meta.db_table: 1}
        erasure.save()
        Erasure.objects.filter(requested_by=user).update(requested_by=None)
        User.objects.filter(pk=user.pk)._raw_delete(using="default")


def _send_receipt(attempt: Attempt) -> None:
    """Send the receipt and forget the address. An address that takes no mail for a week is forgotten without it."""
    erasure = attempt.erasure
    if erasure.state != State.ERASED:
        return
    assert erasure.erased_at is not None
    if attempt.now() - erasure.erased_at < RECEIPT_TRIED_FOR:
        receipt.send(erasure)
        erasure.receipt_sent_at = attempt.now()
    erasure.email, erasure.failure, erasure.state = "", "", State.DONE
    erasure.save()


STEPS = (_erase_sessions, _delete_at_pluggy, _erase_traces, _erase_rows, _erase_user, _send_receipt)


# --- Afterwards ----------------------------------------------------------------------------------------
def delete_late_events(*, now: datetime) -> None:
    """Delete events that come after an erasure for what it deleted; after some days, forget what that was."""
    Erasure.objects.filter(erased_at__lt=now - LATE_EVENTS_FOR).exclude(event_keys=[]).update(event_keys=[])
    traces.delete_late_events(list(Erasure.objects.exclude(event_keys=[]).exclude(erased_at=None)), now=now)
