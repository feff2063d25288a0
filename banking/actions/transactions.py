"""What a person says about a row: its category, a note, that it should not count, that it is an old one."""

from datetime import datetime

from django.db import transaction

from banking import rollups
from banking.classify import PersonsWord
from banking.models import CategoryTree, Reappearance, SyncState, Transaction
from banking.upsert import accounts, words


@transaction.atomic
def say(row: Transaction, word: PersonsWord, *, note: str) -> None:
    """Store the person's word and conclude anew, months' sums included; the bank's columns stay."""
    # The engine renews its lease in this row before each write: holding it, nobody else writes the item.
    SyncState.objects.select_for_update().get(item_id=row.account.item_id)
    row.refresh_from_db(from_queryset=Transaction.objects.select_related("account__item__connector"))
    account, roots = accounts.facts(row.account), CategoryTree.load().roots
    rollups.apply(words.speak(row, word, note=note, account=account, roots=roots))


@transaction.atomic
def take_over(row: Transaction, gone: Transaction, *, now: datetime) -> bool:
    """The row is the one that went: what was said about that one is now said about this one."""
    offers = Reappearance.objects.select_for_update().offered().filter(gone_id=gone.id)
    if not offers.filter(came_id=row.id).exists():
        return False
    say(row, PersonsWord(gone.person_category_id, gone.hidden), note=gone.note)
    offers.filter(came_id=row.id).update(state=Reappearance.State.ACCEPTED, at=now)
    offers.update(state=Reappearance.State.DECLINED, at=now)
    return True


def decline(row: Transaction, gone: Transaction, *, now: datetime) -> bool:
    """They are two different transactions."""
    offers = Reappearance.objects.offered().filter(gone_id=gone.id, came_id=row.id)
    return bool(offers.update(state=Reappearance.State.DECLINED, at=now))
