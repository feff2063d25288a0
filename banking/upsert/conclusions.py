"""Stored rows, classified anew: what was concluded of a row follows what is known of it."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import connection

from banking.classify import Classified, Facts, classify
from banking.models import Account, RowChange, Transaction
from banking.models.rollups import Delta
from banking.upsert import accounts, history
from banking.upsert.changes import Changes
from banking.upsert.evidence import Known

# The concluded columns and their types.
COLUMNS = {
    "local_date": "date",
    "flow": "numeric",
    "kind": "text",
    "kind_reason": "text",
    "category_id": "text",
    "month_competence": "date",
    "month_cash": "date",
    "rule_id": "bigint",
}


def conclude(
    account: Account,
    rows: Iterable[Transaction],
    *,
    roots: Mapping[str, str],
    by: RowChange.By | None = RowChange.By.RULE,
) -> Changes:
    """Write the conclusions that differ from the stored ones; gives how many, and how the sums move.

    The caller holds the item's sync state locked, and has read the rows since. `by` is whose word it is, for
    the rows' histories; without it the caller tells them.
    """
    known = Known.of(account, accounts.facts(account))
    changed = [row for row in rows if _moves(row, known, roots)]
    deltas = [delta for row in changed for delta in Delta.of(row, sign=-1)]
    before = history.seen(changed)
    for row in changed:
        _set(row, _concluded(row, known, roots))
    if changed:
        _write(changed)
    if by is not None:
        history.tell(changed, before, by=by)
    return Changes(len(changed), deltas + [delta for row in changed for delta in Delta.of(row, sign=1)])


def _moves(row: Transaction, known: Known, roots: Mapping[str, str]) -> bool:
    return any(getattr(row, name) != value for name, value in _concluded(row, known, roots).items())


def _concluded(row: Transaction, known: Known, roots: Mapping[str, str]) -> dict[str, object]:
    facts = facts_of(row)
    evidence, rule = known.about(row.id, facts, lambda: texts_of(row))
    found: Classified = classify(facts, known.facts, roots=roots, evidence=evidence)
    return {
        "local_date": found.local_date,
        "flow": found.flow,
        "kind": found.kind.value,
        "kind_reason": found.reason,
        "category_id": found.category_id,
        "month_competence": found.month_competence,
        "month_cash": found.month_cash,
        "rule_id": rule.id if rule else None,
    }


def _set(row: Transaction, concluded: Mapping[str, object]) -> None:
    for name, value in concluded.items():
        setattr(row, name, value)


def _write(rows: Sequence[Transaction]) -> None:
    columns = [[row.id for row in rows], *([getattr(row, name) for row in rows] for name in COLUMNS)]
    with connection.cursor() as cursor:
        cursor.execute(_SQL_WRITE, columns)


_SQL_WRITE = f"""
    UPDATE {Transaction._meta.db_table} AS old
    SET ({", ".join(COLUMNS)}) = ({", ".join(f"new.{name}" for name in COLUMNS)})
    FROM unnest(%s::uuid[], {", ".join(f"%s::{type_}[]" for type_ in COLUMNS.values())})
        AS new (id, {", ".join(COLUMNS)})
    WHERE old.id = new.id
"""


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
        bill_id=row.bill_id,
    )


def texts_of(row: Transaction) -> tuple[str, ...]:
    """What people read of it, for rules."""
    return (row.description, row.merchant_name, row.counterparty)
