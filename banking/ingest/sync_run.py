"""Run one sync of a connection, from taking the lease to recording what it has seen."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Greatest
from structlog.contextvars import bound_contextvars

from banking.connections import items
from banking.connections import lease as leases
from banking.connections.lease import (
    Lease,
    LeaseLost,
    RunBudget,
    RunBudgetExceeded,
)
from banking.connections.models import (
    Alert,
    Item,
    Product,
    SyncHint,
    SyncRun,
    SyncState,
)
from banking.ingest import accounts, circuit_breaker, poison_pill
from banking.ingest.account_reader import AccountReader
from banking.ingest.consents import read_consents
from banking.ingest.product_reader import (
    Failures,
    ProductReader,
    is_complete,
    product_status,
    save_freshness,
)
from banking.ingest.retry import seconds_to_wait
from banking.ledger import (
    bill_evidence,
    disconnection,
    document_keys,
    double_listings,
    matching,
    monthly_totals,
)
from banking.ledger.models import Account, CategoryTree
from banking.money.dates import local_date
from banking.money.documents import complete, document_hash
from banking.pluggy import (
    Client,
    Gone,
    PluggyError,
    Refused,
    Unauthorized,
    Unavailable,
)
from pfm.logs import user_hash

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
TYPE_PRODUCTS = {Account.Type.BANK: Product.ACCOUNTS, Account.Type.CREDIT: Product.CREDIT_CARDS}
ACCOUNT_PRODUCTS = tuple(TYPE_PRODUCTS.values())


def sync_item(item_id: UUID, *, client: Client, now: Clock, budget: RunBudget | None = None) -> bool:
    """Bring one connection up to date. True if more happened meanwhile, so that it is due again at once.

    A sync that exceeds its budget stops where another one can continue, and leaves the connection to the bulk
    workers, which have no budget.

    Every outcome is recorded in a SyncRun. A failure makes the connection due again later. Errors other than
    Pluggy's are raised after the run was recorded as failed.
    """
    lease = leases.take(item_id, now=now(), budget=budget)
    if lease is None:
        return False
    item = Item.objects.select_related("connector", "user").get(id=item_id)
    close_abandoned_runs(lease, now())
    if poison_pill.quarantine_if_poisonous(item, lease, now=now()):
        return False
    run = SyncRun.objects.create(
        user=item.user, item=item, fence=lease.fence, target_seq=lease.target_seq, started_at=now()
    )
    with bound_contextvars(run_id=run.pk, user=user_hash(item.user_id)):
        return _execute(item, run, lease, client, now)


def _execute(item: Item, run: SyncRun, lease: Lease, client: Client, now: Clock) -> bool:
    """Read the connection and record the outcome. True if more happened meanwhile."""
    try:
        outcome = _read(item, run, lease, client, now)
        is_behind = _settle(run, lease, outcome, now())
        if outcome == SyncRun.Outcome.SUCCEEDED:
            disconnection.disconnect_failed_attempts(item, client=client, now=now())
        return is_behind
    except RunBudgetExceeded as reason:
        _move_to_bulk(run, lease, now(), str(reason))
    except LeaseLost as error:
        close_run(run, SyncRun.Outcome.SUPERSEDED, now(), str(error))
    except PluggyError as error:
        _retry_later(run, lease, error, now())
    except Exception as error:
        _retry_later(run, lease, error, now())
        raise
    return False


def _read(item: Item, run: SyncRun, lease: Lease, client: Client, now: Clock) -> str:
    """Read everything that the item has; return the outcome."""
    document_keys.require_current()
    try:
        payload = client.item(item.id)
    except Gone:
        run.item_status = Item.GONE
        circuit_breaker.mark_gone(item, lease, now)
        update_item_matches(item, lease, roots=CategoryTree.load().roots, now=now)
        return SyncRun.Outcome.NOTHING_TO_READ
    circuit_breaker.confirm_exists(item, now=now())
    if not (payload.status or payload.execution_status):
        raise Unavailable(f"item {item.id} came without a status")
    # A missing owner is an odd detail, because the item was bound to its owner before; another owner is not.
    if payload.client_user_id and payload.client_user_id != item.user.reference:
        logger.error("item %s now has another clientUserId: its owner here does not change", item.id)
        return SyncRun.Outcome.NOTHING_TO_READ
    if payload.connector is not None:
        items.save_connector(payload.connector, now=now())
    with lease.write_transaction(now()):
        Item.objects.filter(id=item.id).update(**items.columns(payload, now=now()))
    item.refresh_from_db()
    _read_pending_resources(item, lease, client, now)
    read_consents(item, lease, client, now)
    run.item_status = f"{item.status}/{item.execution_status}"
    if item.status != Item.Status.UPDATED:
        return SyncRun.Outcome.NOTHING_TO_READ
    requested_at = now()
    failures: Failures = {}
    if any(product_status(item, product).is_updated for product in ACCOUNT_PRODUCTS):
        _read_accounts(item, run, lease, client, now, failures)
    unconfirmed: set[Product] = set()
    ProductReader(item, run, lease, client, now, failures, unconfirmed).read()
    _read_owner(item, lease, client, now)
    update_item_matches(item, lease, roots=CategoryTree.load().roots, now=now)
    with lease.write_transaction(now()):
        save_freshness(item, failures, unconfirmed=unconfirmed, read_at=requested_at)
    return SyncRun.Outcome.SUCCEEDED


def _read_pending_resources(item: Item, lease: Lease, client: Client, now: Clock) -> None:
    """Store what the bank does not share until the user, or another holder, approves it.

    No figure needs it, so a refusal costs nothing but the details.
    """
    pending: list[str] = []
    is_pending = item.has_pending_resources
    if is_pending:
        try:
            resources = client.resources(item.id)
        except Unauthorized:
            raise
        except PluggyError as error:
            logger.info("item %s: resources not read: %s", item.id, error)
            return
        waiting = [resource for resource in resources if resource.status == "PENDING_AUTHORISATION"]
        pending = sorted({resource.type for resource in waiting if isinstance(resource.type, str)})
        is_pending = bool(waiting) or not resources  # the list was made later than the item's flag
    if (is_pending, pending) != (item.has_pending_resources, item.pending_resources):
        item.has_pending_resources, item.pending_resources = is_pending, pending
        with lease.write_transaction(now()):
            item.save(update_fields=["has_pending_resources", "pending_resources"])


def _read_accounts(
    item: Item, run: SyncRun, lease: Lease, client: Client, now: Clock, failures: Failures
) -> None:
    """Read the accounts and their transactions; what Pluggy refuses is added to `failures`."""
    try:
        listed = client.accounts(item.id)
    except (Refused, Gone) as error:
        failures.update(dict.fromkeys((*ACCOUNT_PRODUCTS, Product.TRANSACTIONS), error))
        return
    if not listed and not listed.unreadable and item.accounts.exists():
        # A consent that has ended answers with an empty list: it does not mean that the accounts are gone.
        raise Unavailable(f"no accounts listed for item {item.id}, which has some")
    owner_document = _owner_document(item, client) if accounts.lack_owner(item, listed) else ""
    complete_types = [type for type, product in TYPE_PRODUCTS.items() if is_complete(item, product)]
    with lease.write_transaction(now()):
        stored = accounts.store(
            item, listed, complete_types=complete_types, now=now(), owner_document=owner_document
        )
    run.accounts_read = len(stored)
    if not product_status(item, Product.TRANSACTIONS).is_updated:
        return
    hints = list(item.hints.filter(seq__lte=lease.target_seq))
    roots = CategoryTree.load().roots
    for account in stored:
        lease.check_budget(run.transactions_read, now)
        of_account = [hint for hint in hints if hint.account_id == account.id]
        try:
            AccountReader(account, run, lease, client, now, roots).read(of_account)
        except (Refused, Gone) as error:
            failures[Product.TRANSACTIONS] = error
            continue  # its hints stay for the next sync
        with lease.write_transaction(now()):
            SyncHint.objects.filter(id__in=[hint.id for hint in of_account]).delete()


def _read_owner(item: Item, lease: Lease, client: Client, now: Clock) -> None:
    """Store whose a connection without accounts is, such as one to a broker; accounts have documents of their own."""
    if item.owner_hash or item.accounts.exists() or not item.investments.exists():
        return
    item.owner_hash = document_hash(_owner_document(item, client))
    if item.owner_hash:
        with lease.write_transaction(now()):
            item.save(update_fields=["owner_hash"])


def _owner_document(item: Item, client: Client) -> str:
    """Return the document of the item's owner, or an empty text: nothing else depends on it."""
    try:
        identity = client.identity(item.id)
    except PluggyError:
        return ""
    return complete(identity.document) or complete(identity.tax_number)


def update_item_matches(item: Item, lease: Lease, *, roots: Mapping[str, str], now: Clock) -> None:
    """Find what is listed twice, and match the transactions that changed.

    These are the transactions that this sync, or an earlier one that did not come so far, has changed.
    """
    sync_state = SyncState.objects.filter(item_id=item.id)
    has_changed = sync_state.exclude(unmatched_from=None).exists()
    if not has_changed and not double_listings.is_outdated(item.user_id):
        return
    with lease.write_transaction_for_user(item.user_id, now()):
        state = sync_state.get()
        dates = (
            (state.unmatched_from, state.unmatched_to)
            if state.unmatched_from and state.unmatched_to
            else None
        )
        double_listings.update(item.user_id, roots=roots, now=now(), dates=dates)
        if dates:
            matching.update_matches(item.user_id, dates, roots=roots, now=now())
            # Matching may have found the payments of a bill, which are no part of its total.
            today = local_date(now())
            deltas = bill_evidence.update_evidence_of_cards(item.user_id, roots=roots, today=today)
            monthly_totals.apply(deltas)
            sync_state.update(unmatched_from=None, unmatched_to=None)


def close_abandoned_runs(lease: Lease, now: datetime) -> None:
    """Close the runs of workers that died: with an older fence they can write nothing more."""
    abandoned = SyncRun.objects.filter(
        item_id=lease.item_id, outcome=SyncRun.Outcome.RUNNING, fence__lt=lease.fence
    )
    abandoned.update(outcome=SyncRun.Outcome.SUPERSEDED, finished_at=now, error=SyncRun.WORKER_LOST)


def _settle(run: SyncRun, lease: Lease, outcome: str, now: datetime) -> bool:
    """Record that every change from before this sync has been seen, and release the lease."""
    with lease.write_transaction(now):
        SyncState.objects.filter(item_id=lease.item_id).update(
            synced_seq=Greatest(F("synced_seq"), lease.target_seq),
            synced_at=now,
            lease_until=None,
            is_bulk=False,
            quarantined_until=None,
            attempts=0,
            failing_since=None,
            failure="",
        )
        state = SyncState.objects.get(item_id=lease.item_id)
    close_run(run, outcome, now)
    return state.is_behind


def _move_to_bulk(run: SyncRun, lease: Lease, now: datetime, reason: str) -> None:
    """Keep what was stored and leave the rest to a bulk worker, at once."""
    own = SyncState.objects.filter(item_id=lease.item_id, fence=lease.fence)
    own.update(is_bulk=True, due_at=now, lease_until=None)
    close_run(run, SyncRun.Outcome.MOVED_TO_BULK, now, reason)


def _retry_later(run: SyncRun, lease: Lease, error: Exception, now: datetime) -> None:
    """Release the lease and make the connection due again later."""
    if isinstance(error, Unauthorized):
        Alert.objects.open(Alert.Code.CREDENTIALS, f"no sync works: {error}", now=now)
    failure = f"{type(error).__name__}: {error}"
    own = SyncState.objects.filter(item_id=lease.item_id, fence=lease.fence)
    state = own.first()
    if state is not None:
        own.update(
            lease_until=None,
            attempts=F("attempts") + 1,
            due_at=now + timedelta(seconds=seconds_to_wait(error, state.attempts)),
            failing_since=state.failing_since or now,
            failure=failure[:200],
        )
    close_run(run, SyncRun.Outcome.FAILED, now, failure)


def close_run(run: SyncRun, outcome: str, now: datetime, error: str = "") -> None:
    """Save how the run ended, and log it."""
    run.outcome, run.finished_at, run.error = outcome, now, error[:2000]
    first_line = error.partition("\n")[0][:200]  # further lines may quote a transaction
    logger.info(
        "item %s: %s (%s), transactions read %d, records written %d, transactions removed %d",
        run.item_id,
        f"{outcome}: {first_line}" if first_line else outcome,
        run.item_status,
        run.transactions_read,
        run.records_written,
        run.transactions_removed,
    )
    # An update, not save(): if the user disconnected meanwhile, the run is gone and nothing is recorded.
    SyncRun.objects.filter(id=run.id).update(
        outcome=run.outcome,
        finished_at=run.finished_at,
        error=run.error,
        item_status=run.item_status,
        accounts_read=run.accounts_read,
        transactions_read=run.transactions_read,
        new_transactions=run.new_transactions,
        new_categorized=run.new_categorized,
        records_written=run.records_written,
        transactions_removed=run.transactions_removed,
        transactions_under_review=run.transactions_under_review,
        records_quarantined=run.records_quarantined,
    )
