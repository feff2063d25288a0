"""Recompute and store the derived columns of transactions; classification.py decides their values."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import get_type_hints

from django.db import connection

from banking.ledger import history
from banking.ledger.classification import ClassificationInput, Derived, rule_texts_of
from banking.ledger.classification_context import ClassificationContext
from banking.ledger.models import Account, Transaction, TransactionChange
from banking.ledger.models.monthly_totals import MonthlyTotalDelta
from banking.ledger.monthly_totals import WriteResult


def recompute(
    account: Account,
    transactions: Iterable[Transaction],
    *,
    roots: Mapping[str, str],
    source: TransactionChange.Source | None = TransactionChange.Source.RULE,
) -> WriteResult:
    """Classify the transactions again and store the derived columns that changed.

    The caller holds the lock of the connection and has read the transactions since. `source` is written into
    their histories; with None the caller writes the histories.
    """
    context = ClassificationContext.of(account)
    changed, before, deltas = [], {}, []
    for transaction in transactions:
        derived = derive(transaction, context, roots)
        if derived != Derived.of(transaction):
            changed.append(transaction)
            before.update(history.snapshot([transaction]))
            deltas += MonthlyTotalDelta.of(transaction, sign=-1)
            derived.copy_to(transaction)
            deltas += MonthlyTotalDelta.of(transaction, sign=1)
    if changed:
        _update(changed)
    if source is not None:
        history.record_changes(changed, before, source=source)
    return WriteResult(len(changed), deltas)


def derive(transaction: Transaction, context: ClassificationContext, roots: Mapping[str, str]) -> Derived:
    """Return the derived columns that a stored transaction should have."""
    entry = ClassificationInput.from_transaction(transaction)
    return context.derive(transaction.id, entry, lambda: rule_texts_of(transaction), roots=roots)


def _update(transactions: Sequence[Transaction]) -> None:
    columns = zip(*(Derived.of(transaction) for transaction in transactions), strict=True)
    ids = [transaction.id for transaction in transactions]
    with connection.cursor() as cursor:
        cursor.execute(_SQL_UPDATE, [ids, *map(list, columns)])


_SQL_TYPES = {date: "date", Decimal: "numeric", str: "text", int | None: "bigint"}
_COLUMNS = {name: _SQL_TYPES[hint] for name, hint in get_type_hints(Derived).items()}
# One statement for all: the columns come as arrays, and unnest() makes rows of them again.
_SQL_UPDATE = f"""
    UPDATE {Transaction._meta.db_table} AS old
    SET ({", ".join(_COLUMNS)}) = ({", ".join(f"new.{name}" for name in _COLUMNS)})
    FROM unnest(%s::uuid[], {", ".join(f"%s::{sql_type}[]" for sql_type in _COLUMNS.values())})
        AS new (id, {", ".join(_COLUMNS)})
    WHERE old.id = new.id
"""
