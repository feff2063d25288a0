"""Celery tasks of banking. Each is one call into the domain, and safe to run twice or not at all.

The database knows what is to be done; a task only does it sooner. What no task has done, a sweep does: it runs
every few seconds or minutes (pfm/celery.py).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db.models import Model, QuerySet
from django.db.transaction import atomic
from django.utils import timezone

from accounts.models import Erasure
from banking import ingest
from banking.connections import discovery
from banking.connections.models import Item, SyncState
from banking.ingest import full_read
from banking.ledger import bulk_edits, category_outbox, disconnection, rule_edits
from banking.ledger.models import BulkEdit, Rule
from banking.personal_data import erasure as erasures
from banking.pluggy import PluggyError
from banking.web.api_client import pluggy
from pfm import task_queue

logger = logging.getLogger(__name__)
M = TypeVar("M", bound=Model)

MAX_SYNCS_PER_TASK = 5
INTERACTIVE_DURATION = timedelta(seconds=15)  # plus one batch of pages (10 s): the longest wait behind a sync
MAX_ENQUEUED_PER_SWEEP = 200
OVERDUE_AFTER = timedelta(hours=6)
RUN_OVERDUE_AFTER = timedelta(minutes=5)  # a run of Pluggy's takes two to four
MAX_OVERDUE_PER_SWEEP = 100
MAX_FULL_READS_PER_SWEEP = 50
SWEEP_AFTER = timedelta(minutes=10)  # longer than a task may take
BULK_EDIT_STALLED_AFTER = timedelta(minutes=1)  # longer than a batch takes


# --- Syncs -------------------------------------------------------------------------------------------------


def enqueue_sync(item_id: UUID, *, is_bulk: bool = False) -> None:
    task_queue.enqueue(sync_bulk if is_bulk else sync, str(item_id))


@shared_task(name="banking.sync")
def sync(item_id: str) -> None:
    sync_interactively(UUID(item_id))


@shared_task(name="banking.sync_bulk")
def sync_bulk(item_id: str) -> None:
    """Sync to the end, however long it takes: the bulk queue is separate, so nobody waits behind it."""
    _sync_until_settled(UUID(item_id), budget=None)


def sync_interactively(item_id: UUID) -> None:
    """Sync within the budget of interactive workers; what exceeds it is left to the bulk queue."""
    budget = ingest.RunBudget(settings.SYNC_BULK_FROM_ROWS, INTERACTIVE_DURATION)
    _sync_until_settled(item_id, budget=budget)
    if SyncState.objects.due(timezone.now()).filter(item_id=item_id, is_bulk=True).exists():
        enqueue_sync(item_id, is_bulk=True)


def _sync_until_settled(item_id: UUID, *, budget: ingest.RunBudget | None) -> None:
    """Sync, and again while more happens meanwhile.

    A task that is enqueued during a sync finds the lease taken and ends at once. So if this one stops before
    everything is seen, it enqueues another, behind the tasks that wait.
    """
    for _ in range(MAX_SYNCS_PER_TASK):
        if not ingest.sync_item(item_id, client=pluggy(), now=timezone.now, budget=budget):
            return
    enqueue_sync(item_id)


@shared_task(name="banking.sweep")
def sweep() -> None:
    """Enqueue a sync for every connection that is due, also to ask again for products that failed."""
    now = timezone.now()
    for item in Item.objects.with_failed_products(now)[:MAX_OVERDUE_PER_SWEEP]:
        with atomic():
            SyncState.objects.mark_changed(item.id, now=now)
            item.product_states.update(retry_at=None)  # scheduled once; the sync sets the next time
    due = SyncState.objects.due(now).readable().order_by("due_at")
    for item_id, is_bulk in due.values_list("item_id", "is_bulk")[:MAX_ENQUEUED_PER_SWEEP]:
        enqueue_sync(item_id, is_bulk=is_bulk)


@shared_task(name="banking.find_overdue_items")
def find_overdue_items() -> None:
    """Schedule one sync for connections whose auto-sync or run is overdue and sent no webhook."""
    now = timezone.now()
    overdue = Item.objects.overdue(now, patience=OVERDUE_AFTER, run_patience=RUN_OVERDUE_AFTER)
    for item in overdue[:MAX_OVERDUE_PER_SWEEP]:
        with atomic():
            SyncState.objects.mark_changed(item.id, now=now)


@shared_task(name="banking.find_items_to_read_again")
def find_items_to_read_again() -> None:
    """Enqueue the full reads that are due."""
    now = timezone.now()
    full_read.schedule(now=now)
    for item_id in full_read.due_items(now=now, limit=MAX_FULL_READS_PER_SWEEP):
        task_queue.enqueue(read_again, str(item_id))


@shared_task(name="banking.read_again")
def read_again(item_id: str) -> None:
    if full_read.read_again(UUID(item_id), client=pluggy(), now=timezone.now):
        enqueue_sync(UUID(item_id))


@shared_task(name="banking.find_unclaimed_items")
def find_unclaimed_items() -> None:
    """Once a day, look for items at Pluggy that no browser has claimed and no event has named."""
    for item_id in discovery.find_unclaimed_items(client=pluggy(), now=timezone.now()):
        enqueue_sync(item_id)


def enqueue_disconnection(item_id: UUID) -> None:
    task_queue.enqueue(finish_disconnection, str(item_id))


@shared_task(name="banking.finish_disconnection")
def finish_disconnection(item_id: str) -> None:
    _finish_disconnections(Item.objects.filter(id=item_id))


@shared_task(name="banking.finish_disconnections")
def finish_disconnections() -> None:
    """Finish the disconnections for which Pluggy could not be reached, or whose worker died."""
    _finish_disconnections(Item.objects.all())


def _finish_disconnections(items: "QuerySet[Item]") -> None:
    for item in items.exclude(disconnected_at=None):
        try:
            disconnection.finish_disconnection(item, client=pluggy())
        except PluggyError as error:
            logger.warning("item %s cannot be disconnected yet: %s", item.id, error)


@shared_task(name="banking.send_category_updates")
def send_category_updates() -> None:
    category_outbox.send_pending(client=pluggy(), now=timezone.now())


# --- Work that a request stores and a task does ------------------------------------------------------------


@dataclass(frozen=True)
class StoredWork(Generic[M]):
    """Work that is stored as model instances: done by a task for each, and by a sweep if a task was lost."""

    pending: Callable[[], "QuerySet[M]"]
    stored_at: str  # the field with the time since when it is pending
    execute: Callable[[M], Any]
    sweep_after: timedelta = SWEEP_AFTER

    def run(self, pk: int) -> None:
        for instance in self.pending().filter(pk=pk):
            self.execute(instance)

    def sweep(self) -> None:
        """Do what is pending for longer than its task could have taken."""
        for instance in self.pending().filter(**{f"{self.stored_at}__lt": timezone.now() - self.sweep_after}):
            self.execute(instance)


def _execute_bulk_edit(edit: BulkEdit) -> None:
    bulk_edits.execute(edit, now=timezone.now())


RULES = StoredWork[Rule](Rule.objects.unapplied, "changed_at", rule_edits.apply)
BULK_EDITS = StoredWork[BulkEdit](
    BulkEdit.objects.unfinished, "progressed_at", _execute_bulk_edit, BULK_EDIT_STALLED_AFTER
)


def enqueue_rule(rule: Rule) -> None:
    task_queue.enqueue(apply_rule, rule.pk)


@shared_task(name="banking.apply_rule")
def apply_rule(rule_id: int) -> None:
    RULES.run(rule_id)


@shared_task(name="banking.apply_rules")
def apply_rules() -> None:
    RULES.sweep()


def enqueue_bulk_edit(edit: BulkEdit) -> None:
    task_queue.enqueue(run_bulk_edit, edit.pk)


@shared_task(name="banking.run_bulk_edit")
def run_bulk_edit(edit_id: int) -> None:
    BULK_EDITS.run(edit_id)


@shared_task(name="banking.run_bulk_edits")
def run_bulk_edits() -> None:
    BULK_EDITS.sweep()


# --- Erasures of users -------------------------------------------------------------------------------------


def enqueue_erasure(erasure: Erasure) -> None:
    task_queue.enqueue(erase, str(erasure.pk))


@shared_task(name="banking.erase")
def erase(erasure_id: str) -> None:
    erasures.run(UUID(erasure_id), client=pluggy(), now=timezone.now)


@shared_task(name="banking.run_erasures")
def run_erasures() -> None:
    """Start and continue the erasures that are due, also those whose task was lost; one that fails stops no other."""
    for erasure_id in Erasure.objects.due(timezone.now()).values_list("pk", flat=True):
        try:
            erase(str(erasure_id))
        except Exception:
            logger.exception("an erasure failed; it is due again later")


@shared_task(name="banking.delete_late_events")
def delete_late_events() -> None:
    erasures.delete_late_events(now=timezone.now())
