"""What a person says about a row: its category, a note, that it should not count, that it is an old one."""

from datetime import datetime

from django.db import transaction

from banking import rollups
from banking.actions import tellings
from banking.models import CategoryTree, Reappearance, SyncState, Transaction
from banking.upsert import words
from banking.upsert.words import Said


@transaction.atomic
def say(row: Transaction, said: Said) -> None:
    """Store the person's word and conclude anew, months' sums included; the bank's columns stay."""
    lock(row)
    tellings.owe({row: said.word.category_id})
    rollups.apply(words.speak(row.account, row, said, roots=CategoryTree.load().roots))


def lock(row: Transaction) -> None:
    """The engine renews its lease in this row before each write: holding it, nobody else writes the item."""
    SyncState.objects.select_for_update().get(item_id=row.account.item_id)
    row.refresh_from_db(from_queryset=Transaction.objects.select_related("account__item__connector"))


@transaction.atomic
def take_over(row: Transaction, gone: Transaction, *, now: datetime) -> bool:
    """The row is the one that went: what was said about that one is now said about this one."""
    offers = Reappearance.objects.select_for_update().offered().filter(gone_id=gone.id)
    if not offers.filter(came_id=row.id).exists():
        return False
    lock(row)
    rollups.apply(words.carry(row.account, gone, row, roots=CategoryTree.load().roots))
    offers.filter(came_id=row.id).update(state=Reappearance.State.ACCEPTED, at=now)
    offers.update(state=Reappearance.State.DECLINED, at=now)
    return True


def decline(row: Transaction, gone: Transaction, *, now: datetime) -> bool:
    """They are two different transactions."""
    offers = Reappearance.objects.offered().filter(gone_id=gone.id, came_id=row.id)
    return bool(offers.update(state=Reappearance.State.DECLINED, at=now))
