"""A person's rules: made, changed, moved, withdrawn, and applied to what is already here."""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Min

from accounts.models import User
from banking.actions.anew import anew
from banking.models import Account, CategoryTree, Rule, Transaction
from banking.rules import may_fall_under

logger = logging.getLogger(__name__)

MANY = 5_000  # rows to look at; a page does not wait for more


@transaction.atomic
def save(rule: Rule, *, now: datetime) -> Rule:
    """Store a new rule, before all others, or a changed one. apply() is to follow, after the commit."""
    User.objects.select_for_update(no_key=True).get(pk=rule.user_id)  # one change of an order at a time
    if not rule.pk:
        rule.made_at = now
        rule.position = first_place(rule.user)
    rule.changed_at = now
    rule.save()
    return rule


def first_place(user: User) -> int:
    """Before all others: what a person said last is what they mean."""
    first: int | None = Rule.objects.of(user).aggregate(first=Min("position"))["first"]
    return 0 if first is None else first - 1


@transaction.atomic
def move(rule: Rule, *, up: bool, now: datetime) -> bool:
    """One place up or down; False at the end of the list. apply() is to follow, after the commit."""
    User.objects.select_for_update(no_key=True).get(pk=rule.user_id)
    order = list(Rule.objects.in_force().filter(user_id=rule.user_id))
    place = order.index(rule)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(order):
        return False
    order[place], order[other] = order[other], order[place]
    for position, one in enumerate(order):
        one.position = position
    Rule.objects.bulk_update(order, ["position"])
    _change(rule, now=now)
    return True


def withdraw(rule: Rule, *, now: datetime) -> None:
    """As if it had never been. apply() is to follow: it goes once no row falls under it."""
    _change(rule, now=now, is_leaving=True)


def _change(rule: Rule, *, now: datetime, is_leaving: bool = False) -> None:
    rule.changed_at, rule.is_leaving = now, is_leaving
    Rule.objects.filter(pk=rule.pk).update(changed_at=now, is_leaving=is_leaving)


def is_long(rule: Rule) -> bool:
    """Whether applying it is too much to wait for."""
    rows = Transaction.objects.filter(user_id=rule.user_id).filter(may_fall_under(rule))
    return rows.order_by()[: MANY + 1].count() > MANY


def apply(rule: Rule) -> int:
    """Conclude anew what falls or fell under the rule; gives how many rows changed. Safe to repeat.

    Whoever stored rows by the former rules has let go of their item before our last batch of it, and
    whoever comes later knows the new ones. So in the end no row is left behind.
    """
    changed = sum(_applied(rule, CategoryTree.load().roots))
    # A change that came meanwhile has its own time, and is applied by whoever made it.
    done = Rule.objects.filter(pk=rule.pk, changed_at=rule.changed_at)
    if rule.is_leaving:
        done.delete()
    else:
        done.update(changed_at=None)
    logger.info("rule %s: %d rows changed", rule.pk, changed)
    return changed


def _applied(rule: Rule, roots: dict[str, str]) -> Iterable[int]:
    wanted = may_fall_under(rule)
    for account_id in (
        Account.objects.filter(user_id=rule.user_id).order_by("id").values_list("id", flat=True)
    ):
        for batch in anew(account_id, wanted, roots=roots):
            yield batch.changed
