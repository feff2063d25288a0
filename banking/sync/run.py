"""One run over one item, from taking the lease to settling what it has seen."""

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Greatest

from banking.models import Alarm, CategoryTree, Item, Product, SyncHint, SyncRun, SyncState
from banking.pluggy import Client, Gone, Limited, PluggyError, Unauthorized, Unavailable
from banking.sync import breaker, poison
from banking.sync import lease as leases
from banking.sync.lease import HandOver, Lease, LeaseLost, Most
from banking.sync.links import link
from banking.sync.products import ProductReader, remember_freshness, told
from banking.sync.transactions import AccountReader
from banking.upsert import accounts, items

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
FIRST_WAIT, LONGEST_WAIT = 5.0, 1800.0  # seconds
UNAUTHORIZED_WAIT = 300.0


def sync_item(item_id: UUID, *, client: Client, now: Clock, most: Most | None = None) -> bool:
    """Bring one item up to date. True when more happened meanwhile, so that another run is due at once.

    A run that takes more than `most` stops where it can be gone on with, and leaves the item to the bulk
    work: to runs without `most`.

    Every outcome is recorded in a SyncRun. A failure is tried again later by the sweeper; errors that
    are no answer of Pluggy's rise, after the run is marked as failed.
    """
    lease = leases.take(item_id, now=now(), most=most)
    if lease is None:
        return False
    item = Item.objects.select_related("connector", "user").get(id=item_id)
    _close_abandoned(lease, now())
    if poison.park(item, lease, now=now()):
        return False
    run = SyncRun.objects.create(
        user=item.user, item=item, fence=lease.fence, target_seq=lease.target_seq, started_at=now()
    )
    try:
        outcome = _read(item, run, lease, client, now)
        return _settle(run, lease, outcome, now())
    except HandOver as reason:
        _hand_over(run, lease, now(), str(reason))
    except LeaseLost as error:
        _close(run, SyncRun.Outcome.OVERTAKEN, now(), str(error))
    except PluggyError as error:
        _retry_later(run, lease, error, now())
    except Exception as error:
        _retry_later(run, lease, error, now())
        raise
    return False


def _read(item: Item, run: SyncRun, lease: Lease, client: Client, now: Clock) -> str:
    try:
        payload = client.item(item.id)
    except Gone:
        run.item_status = SyncRun.GONE
        breaker.believe(item, lease, now)
        return SyncRun.Outcome.NOTHING_TO_READ
    breaker.answered(item, now=now())
    if payload.client_user_id != item.user.reference:
        logger.error("item %s is now said to be another person's: its binding does not move", item.id)
        return SyncRun.Outcome.NOTHING_TO_READ
    items.connector(payload.connector, now=now())
    with lease.writing(now()):
        Item.objects.filter(id=item.id).update(**items.columns(payload, now=now()))
    item.refresh_from_db()
    run.item_status = f"{item.status}/{item.execution_status}"
    if item.status != Item.Status.UPDATED:
        return SyncRun.Outcome.NOTHING_TO_READ
    asked_at = now()
    if told(item, Product.ACCOUNTS).is_updated or told(item, Product.CREDIT_CARDS).is_updated:
        _read_accounts(item, run, lease, client, now)
    ProductReader(item, run, lease, client, now).read()
    link(item, lease, roots=CategoryTree.load().roots, now=now)
    with lease.writing(now()):
        remember_freshness(item, read_at=asked_at)
    return SyncRun.Outcome.SUCCEEDED


def _read_accounts(item: Item, run: SyncRun, lease: Lease, client: Client, now: Clock) -> None:
    listed = client.accounts(item.id)
    if not listed and not listed.unreadable and item.accounts.exists():
        # A consent that ended answers so, and a bank's bad moment: neither says that accounts are gone.
        raise Unavailable(f"no accounts listed for item {item.id}, which has some")
    with lease.writing(now()):
        listed_accounts = accounts.store(item, listed, now=now())
    run.accounts_read = len(listed_accounts)
    if not told(item, Product.TRANSACTIONS).is_updated:
        return
    hints = list(item.hints.filter(seq__lte=lease.target_seq))
    roots = CategoryTree.load().roots
    for account in listed_accounts:
        lease.check_room(run.rows_read, now)
        mine = [hint for hint in hints if hint.account_id == account.id]
        AccountReader(account, run, lease, client, now, roots).read(mine)
        with lease.writing(now()):
            SyncHint.objects.filter(id__in=[hint.id for hint in mine]).delete()


def _close_abandoned(lease: Lease, now: datetime) -> None:
    """Runs whose worker died: the fence says that they can write no more."""
    SyncRun.objects.filter(
        item_id=lease.item_id, outcome=SyncRun.Outcome.RUNNING, fence__lt=lease.fence
    ).update(outcome=SyncRun.Outcome.OVERTAKEN, finished_at=now, error=SyncRun.LOST)


def _settle(run: SyncRun, lease: Lease, outcome: str, now: datetime) -> bool:
    """All that had happened when the run began is now seen. Hints stay until their rows were read."""
    with lease.writing(now):
        SyncState.objects.filter(item_id=lease.item_id).update(
            synced_seq=Greatest(F("synced_seq"), lease.target_seq),
            synced_at=now,
            lease_until=None,
            is_bulk=False,
            parked_until=None,
            attempts=0,
            failing_since=None,
            failure="",
        )
        state = SyncState.objects.get(item_id=lease.item_id)
    _close(run, outcome, now)
    return state.is_behind


def _hand_over(run: SyncRun, lease: Lease, now: datetime, reason: str) -> None:
    """What was written stays; the rest is due at once, for a bulk worker."""
    mine = SyncState.objects.filter(item_id=lease.item_id, fence=lease.fence)
    mine.update(is_bulk=True, due_at=now, lease_until=None)
    _close(run, SyncRun.Outcome.HANDED_OVER, now, reason)


def _retry_later(run: SyncRun, lease: Lease, error: Exception, now: datetime) -> None:
    """Give the lease back and say when to try again; what happened stays unseen."""
    if isinstance(error, Unauthorized):
        Alarm.objects.sound(Alarm.Code.CREDENTIALS, f"every sync waits: {error}", now=now)
    state = SyncState.objects.filter(item_id=lease.item_id, fence=lease.fence).first()
    if state is not None:
        wait = timedelta(seconds=_seconds_to_wait(error, state.attempts))
        SyncState.objects.filter(item_id=lease.item_id, fence=lease.fence).update(
            lease_until=None,
            attempts=F("attempts") + 1,
            due_at=now + wait,
            failing_since=state.failing_since or now,
            failure=f"{type(error).__name__}: {error}"[:200],
        )
    _close(run, SyncRun.Outcome.FAILED, now, f"{type(error).__name__}: {error}")


def _seconds_to_wait(error: Exception, attempts: int) -> float:
    """Full jitter, doubling; a limit says itself how long."""
    if isinstance(error, Limited):
        return error.wait + random.uniform(0, 5)
    if isinstance(error, Unauthorized):
        return UNAUTHORIZED_WAIT
    return random.uniform(FIRST_WAIT / 2, min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts, 20)))


def _close(run: SyncRun, outcome: str, now: datetime, error: str = "") -> None:
    run.outcome, run.finished_at, run.error = outcome, now, error[:2000]
    reason = error.partition("\n")[0][:200]  # the lines behind it may quote a person's row
    ended = f"{outcome}: {reason}" if reason else outcome
    told = (run.item_id, ended, run.item_status, run.rows_read, run.rows_written, run.rows_removed)
    logger.info("item %s: %s (%s), rows read %d, written %d, removed %d", *told)
    # The run is gone when the person disconnected meanwhile; then there is nothing to record.
    SyncRun.objects.filter(id=run.id).update(
        outcome=run.outcome,
        finished_at=run.finished_at,
        error=run.error,
        item_status=run.item_status,
        accounts_read=run.accounts_read,
        rows_read=run.rows_read,
        rows_written=run.rows_written,
        rows_removed=run.rows_removed,
        rows_held=run.rows_held,
        rows_unreadable=run.rows_unreadable,
    )
