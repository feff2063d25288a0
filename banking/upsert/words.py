"""The person's word on a stored row: kept in its own columns, and concluded from anew."""

from collections.abc import Mapping

from banking.classify import AccountFacts, Facts, PersonsWord, classify
from banking.models import Transaction
from banking.models.rollups import Delta

COLUMNS = ("person_category", "hidden", "note", "category", "kind", "kind_reason")


def speak(
    row: Transaction, word: PersonsWord, *, note: str, account: AccountFacts, roots: Mapping[str, str]
) -> list[Delta]:
    """Store the word and what follows from it; gives by how much the sums move.

    The caller holds the item's sync state locked, so nobody else writes the row.
    """
    before = Delta.of(row, sign=-1)
    concluded = classify(facts_of(row), account, roots=roots, person=word)
    row.person_category_id, row.hidden, row.note = word.category_id, word.hidden, note
    row.category_id, row.kind, row.kind_reason = concluded.category_id, concluded.kind, concluded.reason
    row.save(update_fields=COLUMNS)
    return [*before, *Delta.of(row, sign=1)]


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
