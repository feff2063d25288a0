"""Read all transactions of a connection again once a week, for changes of old ones that no webhook reported.

A sync reads what is new and the last ten days. If the bank changes a transaction of last year and the webhook is
lost, only this notices it. Each connection has its own time in the week, made of its id, so that the requests are
spread. A full read runs in the bulk queue, starts only if the connection is up to date, and gives way after each
page: a sync waits for one page at most. Where it was interrupted, the next one continues.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from banking.connections import items
from banking.connections import lease as leases
from banking.connections.lease import IdleLease, LeaseLost, RunBudget, RunBudgetExceeded, SyncWaits
from banking.connections.models import Item, Product, SyncRun, SyncState
from banking.ingest import poison_pill
from banking.ingest.account_reader import AccountReader
from banking.ingest.product_reader import product_status
from banking.ingest.sync_run import close_abandoned_runs, close_run, update_item_matches
from banking.ledger import document_keys
from banking.ledger.models import Account, CategoryTree
from banking.pluggy import Client, Gone, Limited, PluggyError, Refused

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
INTERVAL = timedelta(days=7)
SAME_ROUND = timedelta(days=3)  # an account that was read completely within it is not read again
BUDGET = RunBudget(transactions=1_000_000, duration=timedelta(minutes=5))  # less than a task may take
RETRY_AFTER = timedelta(hours=1)
MAX_SCHEDULED = 1_000  # connections that get their time in one call


def next_time(item_id: UUID, *, after: datetime) -> datetime:
    """Return the next time of the week that belongs to the item."""
    week = INTERVAL.total_seconds()
    start_of_week = after.timestamp() // week * week
    moment = datetime.fromtimestamp(start_of_week + item_id.int % int(week), UTC)
    return moment if moment > after else moment + INTERVAL


def schedule(*, now: datetime) -> None:
    """Give a time to each connection that was read and has none yet."""
    unscheduled = SyncState.objects.filter(full_read_due_at=None).exclude(synced_at=None)
    for item_id in unscheduled.values_list("item_id", flat=True)[:MAX_SCHEDULED]:
        states = SyncState.objects.filter(item_id=item_id, full_read_due_at=None)
        states.update(full_read_due_at=next_time(item_id, after=now))


def due_items(*, now: datetime, limit: int) -> list[UUID]:
    """Return the connections whose full read is due, the longest waiting first."""
    due = SyncState.objects.full_read_due(now).readable()
    ready = due.filter(item__status=Item.Status.UPDATED, item__gone_at=None)
    return list(ready.order_by("full_read_due_at").values_list("item_id", flat=True)[:limit])


def read_again(item_id: UUID, *, client: Client, now: Clock) -> bool:
    """Read all transactions of a connection again, if that is due. True if a sync of it is due.

    A failure is recorded and tried again later; it does not count as a failed sync.
    """
    lease = leases.take_idle(item_id, now=now(), budget=BUDGET)
    if lease is None:
        return False
    item = Item.objects.select_related("connector", "user").get(id=item_id)
    close_abandoned_runs(lease, now())
    if poison_pill.quarantine_if_poisonous(item, lease, now=now()):
        return False
    run = SyncRun.objects.create(
        user=item.user,
        item=item,
        fence=lease.fence,
        target_seq=lease.target_seq,
        started_at=now(),
        is_full_read=True,
    )
    try:
        if _read(item, run, lease, client, now):
            _finish(run, lease, SyncRun.Outcome.SUCCEEDED, next_time(item.id, after=now()), now())
        else:
            _finish(run, lease, SyncRun.Outcome.NOTHING_TO_READ, now() + RETRY_AFTER, now())
    except SyncWaits as reason:
        _finish(run, lease, SyncRun.Outcome.SUPERSEDED, now(), now(), f"gave way to a sync {reason}")
    except RunBudgetExceeded as reason:
        _finish(run, lease, SyncRun.Outcome.MOVED_TO_BULK, now(), now(), str(reason))
    except LeaseLost as error:
        close_run(run, SyncRun.Outcome.SUPERSEDED, now(), str(error))
    except Exception as error:
        wait = timedelta(seconds=error.wait) if isinstance(error, Limited) else RETRY_AFTER
        failure = f"{type(error).__name__}: {error}"
        _finish(run, lease, SyncRun.Outcome.FAILED, now() + wait, now(), failure)
        if not isinstance(error, PluggyError):
            raise
    return SyncState.objects.due(now()).filter(item_id=item_id).exists()


def _read(item: Item, run: SyncRun, lease: IdleLease, client: Client, now: Clock) -> bool:
    """Read the accounts that were read completely once and not yet in this round. False if nothing may be read.

    Pluggy is asked for the item first: while it collects, or after a failure, its lists prove nothing. What it
    answers is not stored, because that is left to the syncs.
    """
    document_keys.require_current()
    payload = client.item(item.id)
    for name, value in items.columns(payload, now=now()).items():
        setattr(item, name, value)
    run.item_status = f"{item.status}/{item.execution_status}"
    is_ours = payload.client_user_id == item.user.reference
    is_ready = item.status == Item.Status.UPDATED and product_status(item, Product.TRANSACTIONS).is_updated
    if not (is_ours and is_ready):
        return False
    accounts = item.accounts.filter(missing_since=None).exclude(created_read_until=None)
    roots = CategoryTree.load().roots
    for account in accounts.exclude(full_read_at__gt=now() - SAME_ROUND).order_by("id"):
        lease.check_budget(run.transactions_read, now)
        _read_account(account, run, lease, client, now, roots)
        run.accounts_read += 1
    update_item_matches(item, lease, roots=roots, now=now)
    return True


def _read_account(
    account: Account, run: SyncRun, lease: IdleLease, client: Client, now: Clock, roots: dict[str, str]
) -> None:
    try:
        AccountReader(account, run, lease, client, now, roots).read_again()
    except (Refused, Gone) as error:  # the next sync reports it on the connection's page
        logger.info("account %s: not read again: %s", account.id, error)


def _finish(
    run: SyncRun, lease: IdleLease, outcome: str, due_at: datetime, now: datetime, error: str = ""
) -> None:
    """Release the lease, set when the next full read is due, and record how this one ended."""
    own = SyncState.objects.filter(item_id=lease.item_id, fence=lease.fence)
    own.update(lease_until=None, full_read_due_at=due_at)
    close_run(run, outcome, now, error)
