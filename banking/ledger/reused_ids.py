"""Recognise an id that the bank gives to another transaction, and set the user's edits aside.

Example: the user puts "SALARIO ACME +2500" of November 5 under pensions. Then the same id comes as "POSTO ESTRELA -85"
of November 6: sign, amount, words and day are all different, so it is another transaction. The old one is kept as a
tombstone with the user's edits, under an id of our own. If it comes back under another id, it is replaced as usual;
otherwise its edits are offered on the page of the new one. If only some of the four differ, the bank corrected the
transaction, and the edits stay.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from banking.ledger import overrides, replacements
from banking.ledger.classification import AccountContext, ClassificationInput, signed_amount_of
from banking.ledger.classification_context import account_context
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import (
    Account,
    BulkEditItem,
    CategoryUpdate,
    Transaction,
    TransactionMatch,
    TransactionReplacement,
)
from banking.ledger.models.monthly_totals import MonthlyTotalDelta
from banking.money.dates import local_date
from banking.money.text import share_words
from banking.pluggy import payloads


def set_edits_aside(
    account: Account, received: Mapping[UUID, payloads.Transaction], *, read_at: datetime
) -> dict[UUID, Transaction]:
    """Move the edits of transactions whose ids now belong to others to tombstones.

    Return the tombstones by the ids that they had. Call it before the received transactions are stored, in the
    same database transaction and under the lock of the connection.
    """
    edited_ids = _edited_ids(account) & received.keys()
    if not edited_ids:
        return {}
    edited = account.transactions.from_bank().with_ids(edited_ids)
    context = account_context(account)
    return {
        old.id: _set_aside(account, old, read_at)
        for old in edited
        if _will_be_written(old, received[old.id], read_at) and _is_another(old, received[old.id], context)
    }


def _edited_ids(account: Account) -> set[UUID]:
    """Return the transactions that the user edited, split, or reviewed a match of.

    All of the account are read, which partial indexes make fast: a user edits few. To look up each of thousands of
    received ids instead would cost more than to store them.
    """
    splits = account.transactions.exclude(parent_transaction=None)
    reviewed = TransactionMatch.objects.of(account.user).exclude(reviewed_at=None)
    sides = reviewed.values_list("outflow_id", "inflow_id")
    return {
        *account.transactions.edited().values_list("id", flat=True),
        *splits.values_list("parent_transaction_id", flat=True),
        *(side for pair in sides for side in pair),
    }


def _will_be_written(old: Transaction, new: payloads.Transaction, read_at: datetime) -> bool:
    """Tell whether the new values are not older than the stored ones, as the merge statement does."""
    is_newer = new.updated_at is None or old.bank_updated_at <= new.updated_at
    return is_newer and (old.deleted_at is None or old.deleted_at < read_at)


def _is_another(old: Transaction, new: payloads.Transaction, context: AccountContext) -> bool:
    """Tell whether sign, amount, words and day are all different."""
    before = signed_amount_of(ClassificationInput.from_transaction(old), context)
    after = signed_amount_of(ClassificationInput.from_payload(new), context)
    return (
        (before < 0) != (after < 0)
        and abs(before) != abs(after)
        and old.local_date != local_date(new.date)
        and not share_words(old.description, new.description)
    )


def _set_aside(account: Account, old: Transaction, read_at: datetime) -> Transaction:
    """Copy the transaction to a tombstone, and move everything of the user to it.

    The derived columns of `old` stay as they are until it is stored: the totals change by what they were.
    """
    aside = Transaction.objects.get(id=old.id)
    aside.id, aside.deleted_at = uuid4(), old.deleted_at or read_at
    aside.save(force_insert=True)
    Transaction.objects.filter(id=old.id).update(**TransactionEdits().columns)
    old.splits.update(parent_transaction=aside)
    old.changes.update(transaction=aside)
    overrides.carry_over_reviews(old, aside)
    CategoryUpdate.objects.filter(transaction=old).delete()
    items = BulkEditItem.objects.filter(account_id=account.id, transaction_id=old.id)
    items.update(transaction_id=aside.id)
    TransactionReplacement.objects.filter(new_id=old.id).update(new_id=aside.id)
    return aside


def offer(
    account: Account,
    set_aside: Mapping[UUID, Transaction],
    *,
    roots: Mapping[str, str],
    now: datetime,
) -> list[MonthlyTotalDelta]:
    """Carry the edits over to where the old transactions are now, or offer them on the new ones.

    `set_aside` has the tombstones by the ids that they had. Return the changes of the monthly totals.
    """
    if not set_aside:
        return []
    deltas = replacements.handle_replacements(account, now=now, roots=roots)
    old_ids = [old.id for old in set_aside.values()]
    replaced = TransactionReplacement.objects.filter(old_id__in=old_ids)
    replaced_ids = set(replaced.values_list("old_id", flat=True))
    TransactionReplacement.objects.bulk_create(
        TransactionReplacement(
            user_id=old.user_id,
            account_id=old.account_id,
            old_id=old.id,
            new_id=reused_id,
            state=TransactionReplacement.State.SUGGESTED,
            changed_at=now,
            is_reused_id=True,
        )
        for reused_id, old in set_aside.items()
        if old.id not in replaced_ids
    )
    return deltas
