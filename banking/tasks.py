"""Celery's doorbells for the bank's side: each one call inward, each safe to ring twice or never."""

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from banking import sync as engine
from banking.actions import connections, edits, rules, tellings
from banking.application import pluggy
from banking.models import Edit, Item, Rule, SyncState
from banking.pluggy import PluggyError
from pfm import bell

logger = logging.getLogger(__name__)

MOST_RUNS_PER_RING = 5
LONGEST_INTERACTIVE = timedelta(seconds=15)  # and a batch of pages (10 s): nobody waits longer behind it
MOST_RINGS_PER_SWEEP = 200
SILENT_FOR = timedelta(hours=6)
MOST_SILENT_PER_SWEEP = 100  # every 10 minutes
APPLIED_BY_NOW = timedelta(minutes=10)  # longer than any task may take
EDITED_BY_NOW = timedelta(minutes=10)


def ring(item_id: UUID, *, is_bulk: bool = False) -> None:
    """Have the item synced soon."""
    bell.ring(sync_bulk if is_bulk else sync, str(item_id))


@shared_task(name="banking.sync")
def sync(item_id: str) -> None:
    run_until_settled(UUID(item_id))


@shared_task(name="banking.sync_bulk")
def sync_bulk(item_id: str) -> None:
    """To the end, however long: on a queue of its own, so that nobody else waits for it."""
    _run(UUID(item_id), None)


def run_until_settled(item_id: UUID) -> None:
    """Among interactive work: what is too much for it is left to the bulk queue."""
    _run(item_id, engine.Most(settings.SYNC_BULK_FROM_ROWS, LONGEST_INTERACTIVE))
    if SyncState.objects.due(timezone.now()).filter(item_id=item_id, is_bulk=True).exists():
        ring(item_id, is_bulk=True)


def _run(item_id: UUID, most: engine.Most | None) -> None:
    """Run, and again while more happened meanwhile.

    Whoever rang during a run was not answered, since the run knows itself that it is not the last. So one
    that stops here although more happened rings on, behind whoever waits.
    """
    for _ in range(MOST_RUNS_PER_RING):
        if not engine.sync_item(item_id, client=pluggy(), now=timezone.now, most=most):
            return
    ring(item_id)


@shared_task(name="banking.sweep")
def sweep() -> None:
    """Ring for whatever is due, whoever forgot to."""
    due = SyncState.objects.due(timezone.now()).filter(item__disconnected_at=None).order_by("due_at")
    for item_id, is_bulk in due.values_list("item_id", "is_bulk")[:MOST_RINGS_PER_SWEEP]:
        ring(item_id, is_bulk=is_bulk)


@shared_task(name="banking.find_silent_items")
def find_silent_items() -> None:
    """An item whose auto-sync passed hours ago without an event gets one look (no event, no polling)."""
    now = timezone.now()
    for item in Item.objects.silent(now, SILENT_FOR)[:MOST_SILENT_PER_SWEEP]:
        with transaction.atomic():
            SyncState.objects.mark_changed(item.id, now=now)


@shared_task(name="banking.finish_disconnections")
def finish_disconnections() -> None:
    """Disconnections that Pluggy could not be told of yet."""
    for item in Item.objects.exclude(disconnected_at=None):
        try:
            connections.finish_disconnection(item, client=pluggy())
        except PluggyError as error:
            logger.warning("item %s cannot be disconnected yet: %s", item.id, error)


def apply_soon(rule: Rule) -> None:
    """Have a rule that changed applied to many rows; the sweep below does it, should the bell fail."""
    bell.ring(apply_rule, rule.pk)


@shared_task(name="banking.apply_rule")
def apply_rule(rule_id: int) -> None:
    for rule in Rule.objects.unapplied().filter(pk=rule_id):
        rules.apply(rule)


@shared_task(name="banking.apply_rules")
def apply_rules() -> None:
    """Changes of rules that were not applied to their end: their process died, or the bell did not ring."""
    for rule in Rule.objects.unapplied().filter(changed_at__lt=timezone.now() - APPLIED_BY_NOW):
        rules.apply(rule)


@shared_task(name="banking.tell_categories")
def tell_categories() -> None:
    """Tell Pluggy which categories people chose."""
    tellings.tell_all(client=pluggy(), now=timezone.now())


def carry_out_soon(edit: Edit) -> None:
    """Have many rows edited; the sweep below does it, should the bell fail."""
    bell.ring(carry_out_edit, edit.pk)


@shared_task(name="banking.carry_out_edit")
def carry_out_edit(edit_id: int) -> None:
    for edit in Edit.objects.unfinished().filter(pk=edit_id):
        edits.carry_out(edit, now=timezone.now())


@shared_task(name="banking.carry_out_edits")
def carry_out_edits() -> None:
    """Edits that did not come to their end: their process died, or the bell did not ring."""
    for edit in Edit.objects.unfinished().filter(made_at__lt=timezone.now() - EDITED_BY_NOW):
        edits.carry_out(edit, now=timezone.now())
