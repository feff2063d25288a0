"""What a person says about a row: its category, a note, that it should not count."""

from django.db import transaction

from banking import rollups
from banking.classify import Facts, PersonsWord, classify
from banking.models import CategoryTree, SyncState, Transaction
from banking.upsert import accounts


@transaction.atomic
def say(row: Transaction, word: PersonsWord, *, note: str) -> None:
    """Store the person's word and conclude anew, months' sums included; the bank's columns stay."""
    # The engine renews its lease in this row before each write: holding it, nobody else writes the item.
    SyncState.objects.select_for_update().get(item_id=row.account.item_id)
    row.refresh_from_db(from_queryset=Transaction.objects.select_related("account__item__connector"))
    before = rollups.of_row(row, sign=-1)
    account = accounts.facts(row.account)
    concluded = classify(facts_of(row), account, roots=CategoryTree.load().roots, person=word)
    row.person_category_id, row.hidden, row.note = word.category_id, word.hidden, note
    row.category_id, row.kind, row.kind_reason = concluded.category_id, concluded.kind, concluded.reason
    row.save(update_fields=["person_category", "hidden", "note", "category", "kind", "kind_reason"])
    rollups.apply([*before, *rollups.of_row(row, sign=1)])


def facts_of(row: Transaction) -> Facts:
    """What classify() asks, from a stored row."""
    foreign = row.amount_in_account_currency
    return Facts(
        occurred_at=row.occurred_at,
        amount=row.amount,
        value=row.amount if foreign is None else foreign,
        type=row.type,
        operation_type=row.operation_type,
        description=row.description,
        category_id=row.bank_category_id,
        bill_forecast=row.bill_forecast,
    )
