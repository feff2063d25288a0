"""Split a transaction of the bank into several, each with its own category.

A split is a transaction with a parent. It copies all columns of the bank from the parent except its amount;
the parent counts what its splits leave. Example: a purchase of -100.00 with splits of -60.00 and -30.00 counts
-10.00 itself, so that the three together are the purchase.

Of a foreign purchase a split has a share in both currencies, like its parent. Example: a purchase of US$ 20 is split
into US$ 5 and a rest; when the bank converts it to R$ 108.40, the split becomes R$ 27.10.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from uuid import uuid4

from django.db import connection
from django.db.transaction import atomic

from banking.ledger import monthly_totals
from banking.ledger.classification import Derived
from banking.ledger.derived_fields import recompute
from banking.ledger.edits import Split
from banking.ledger.models import Account, CategoryTree, Transaction, TransactionChange
from banking.ledger.models.monthly_totals import MonthlyTotalDelta

# The columns that a split does not copy from its parent.
OWN_COLUMNS = frozenset(
    {
        "id",
        "amount",
        "currency",
        "amount_in_account_currency",
        "balance",
        "search_key",
        *Derived._fields,
        *Transaction.USER_COLUMNS,
    }
)
COPIED_COLUMNS = [
    column.attname
    for column in Transaction._meta.concrete_fields
    if not {column.name, column.attname} & OWN_COLUMNS
]

COMPARED_COLUMNS = [*COPIED_COLUMNS, "signed_amount_currency"]
CENT = Decimal("0.01")


class SplitExceedsAmount(ValueError):
    """The splits add up to more than the transaction."""


class UnknownSplit(LookupError):
    """A split that is named is not one of this transaction."""


@atomic
def replace_splits(transaction: Transaction, wanted: Sequence[Split]) -> None:
    """Make these the splits of the transaction. Raises SplitExceedsAmount and UnknownSplit."""
    transaction.lock()
    stored = {split.id: split for split in transaction.splits.all()}
    total = transaction.signed_amount + sum(split.signed_amount for split in stored.values())
    if sum(split.amount for split in wanted) > abs(total):
        raise SplitExceedsAmount
    ids = [split.id for split in wanted if split.id]
    if len(set(ids)) != len(ids) or not stored.keys() >= set(ids):
        raise UnknownSplit
    deltas = [delta for split in stored.values() for delta in MonthlyTotalDelta.of(split, sign=-1)]
    saved = [_save(transaction, total, split, stored.pop(split.id) if split.id else None) for split in wanted]
    Transaction.objects.filter(id__in=stored).delete()
    deltas += [delta for split in saved for delta in MonthlyTotalDelta.of(split, sign=1)]
    result = recompute(
        transaction.account,
        [*saved, transaction],
        roots=CategoryTree.load().roots,
        source=TransactionChange.Source.USER,
    )
    monthly_totals.apply(deltas + result.deltas)


def _save(parent: Transaction, total: Decimal, wanted: Split, stored: Transaction | None) -> Transaction:
    """Create or change a split. Its other edits stay; recompute() gives the derived columns."""
    split = stored or make(parent, wanted.amount)
    _set_amount(split, parent, wanted.amount)
    split.signed_amount = wanted.amount.copy_sign(total)
    split.user_category_id, split.note = wanted.category_id, wanted.note
    split.save(force_insert=stored is None)
    return split


def make(parent: Transaction, amount: Decimal) -> Transaction:
    """Return a new split, not saved. `amount` is without a sign, in the currency that the parent counts in."""
    split = Transaction(
        id=uuid4(),
        parent_transaction=parent,
        **{name: getattr(parent, name) for name in COPIED_COLUMNS},
    )
    _set_amount(split, parent, amount)
    derived = Derived.of(parent)._replace(signed_amount=amount.copy_sign(parent.signed_amount), rule_id=None)
    derived.copy_to(split)
    return split


def _set_amount(split: Transaction, parent: Transaction, amount: Decimal) -> None:
    """Set the amounts of a split as the bank would send them. `amount` is in the currency of the parent's sums."""
    converted = parent.amount_in_account_currency
    split.currency = parent.currency
    if converted:
        split.amount = amount.copy_sign(parent.amount) * abs(parent.amount / converted)
        split.amount_in_account_currency = amount.copy_sign(converted)
    else:
        split.amount = amount.copy_sign(parent.amount)
        split.amount_in_account_currency = None


def _convert(split: Transaction, parent: Transaction) -> None:
    """Move a split into the currency of its parent, which the bank has converted, or no longer has.

    If the bank replaced the amount itself by one in another currency, the number stays: its share is unknown.
    """
    converted = parent.amount_in_account_currency
    if split.currency != parent.currency or not converted or not parent.amount:
        _set_amount(split, parent, abs(split.amount))
        return
    share = (abs(converted) * abs(split.amount / parent.amount)).quantize(CENT, ROUND_DOWN)
    split.amount_in_account_currency = share.copy_sign(converted)


def sync_splits(account: Account, *, roots: Mapping[str, str]) -> list[MonthlyTotalDelta]:
    """Copy to the splits what changed on their parents, deletion included; return the changes of the totals.

    Call it after each write of transactions, in its transaction and under the lock of the connection.
    """
    outdated = _outdated(account)
    deltas = []
    for split in outdated:
        parent = split.parent_transaction
        assert parent is not None
        deltas += MonthlyTotalDelta.of(split, sign=-1)
        for name in COPIED_COLUMNS:
            setattr(split, name, getattr(parent, name))
        if split.signed_amount_currency != parent.signed_amount_currency:
            _convert(split, parent)
        deltas += MonthlyTotalDelta.of(split, sign=1)
    copied = [name for name in COPIED_COLUMNS if name not in ("user_id", "account_id")]
    Transaction.objects.bulk_update(outdated, [*copied, "amount", "currency", "amount_in_account_currency"])
    parents = Transaction.objects.filter(id__in={split.parent_transaction_id for split in outdated})
    return [*deltas, *_recompute(account, outdated, roots), *_recompute(account, parents, roots)]


def _recompute(
    account: Account, transactions: Iterable[Transaction], roots: Mapping[str, str]
) -> list[MonthlyTotalDelta]:
    listed = list(transactions)
    if not listed:
        return []
    return recompute(account, listed, roots=roots, source=TransactionChange.Source.BANK).deltas


def _outdated(account: Account) -> list[Transaction]:
    """Return the splits that differ from their parents. A partial index makes this cheap without splits."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL_OUTDATED, [account.id])
        ids = [transaction_id for (transaction_id,) in cursor.fetchall()]
    if not ids:
        return []
    return list(Transaction.objects.filter(id__in=ids).select_related("parent_transaction"))


_SQL_OUTDATED = f"""
    SELECT split.id FROM {Transaction._meta.db_table} split
    JOIN {Transaction._meta.db_table} parent ON parent.id = split.parent_transaction_id
    WHERE split.account_id = %s AND split.parent_transaction_id IS NOT NULL
    AND ({", ".join(f"split.{name}" for name in COMPARED_COLUMNS)})
        IS DISTINCT FROM ({", ".join(f"parent.{name}" for name in COMPARED_COLUMNS)})
"""
