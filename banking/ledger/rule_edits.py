"""Create, change, reorder and delete a user's rules, and apply them to stored transactions."""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Min
from django.db.transaction import atomic

from accounts.models import User
from banking.ledger.models import (
    Account,
    CategoryTree,
    Rule,
    Transaction,
)
from banking.ledger.reclassify import recompute_in_batches
from banking.ledger.rulebook import affected_by

logger = logging.getLogger(__name__)

MAX_INTERACTIVE = 5_000  # transactions that a request may look at; more is left to a task


@atomic
def save(rule: Rule, *, now: datetime) -> Rule:
    """Store a rule; a new one comes before all others. Call apply() after the commit."""
    User.objects.select_for_update(no_key=True).get(pk=rule.user_id)  # one change of the order at a time
    if not rule.pk:
        rule.created_at = now
        rule.position = first_position(rule.user)
    rule.changed_at = now
    rule.save()
    return rule


def first_position(user: User) -> int:
    """Return a position before all others, because the rule that a user writes last should win."""
    first: int | None = Rule.objects.of(user).aggregate(first=Min("position"))["first"]
    return 0 if first is None else first - 1


@atomic
def move(rule: Rule, *, up: bool, now: datetime) -> bool:
    """Move a rule one position; False at the end of the list. Call apply() after the commit."""
    User.objects.select_for_update(no_key=True).get(pk=rule.user_id)
    order = list(Rule.objects.active().filter(user_id=rule.user_id))
    index = order.index(rule)
    other = index - 1 if up else index + 1
    if not 0 <= other < len(order):
        return False
    order[index], order[other] = order[other], order[index]
    for position, ordered in enumerate(order):
        ordered.position = position
    Rule.objects.bulk_update(order, ["position"])
    _mark_changed(rule, now=now)
    return True


def delete(rule: Rule, *, now: datetime) -> None:
    """Deactivate a rule. Call apply() after the commit: it deletes the rule once nothing refers to it."""
    _mark_changed(rule, now=now, is_deleting=True)


def _mark_changed(rule: Rule, *, now: datetime, is_deleting: bool = False) -> None:
    rule.changed_at, rule.is_deleting = now, is_deleting
    Rule.objects.filter(pk=rule.pk).update(changed_at=now, is_deleting=is_deleting)


def needs_task(rule: Rule) -> bool:
    """Tell whether applying the rule takes too long for a request."""
    affected = Transaction.objects.filter(user_id=rule.user_id).filter(affected_by(rule))
    return affected.order_by()[: MAX_INTERACTIVE + 1].count() > MAX_INTERACTIVE


def apply(rule: Rule) -> int:
    """Reclassify the transactions that the rule affects; return how many changed. Safe to repeat.

    A sync that is storing transactions by the old rules holds its connection's lock: our last, empty batch of
    that connection waits for it (see recompute_in_batches). A sync that starts later loads the new rules. So
    no transaction keeps the result of an old rule.
    """
    changed_count = sum(_apply(rule, CategoryTree.load().roots))
    # If the rule was changed again meanwhile, that change has its own time and is applied by its own call.
    unchanged = Rule.objects.filter(pk=rule.pk, changed_at=rule.changed_at)
    if rule.is_deleting:
        unchanged.delete()
    else:
        unchanged.update(changed_at=None)
    logger.info("rule %s: %d transactions changed", rule.pk, changed_count)
    return changed_count


def _apply(rule: Rule, roots: dict[str, str]) -> Iterable[int]:
    accounts = Account.objects.filter(user_id=rule.user_id).order_by("id")
    for account_id in accounts.values_list("id", flat=True):
        for batch in recompute_in_batches(account_id, affected_by(rule), roots=roots):
            yield batch.changed_count
