"""Parts that a person took out of the bank's rows: they are what their row is, but for the amount."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import connection

from banking.models import Account, RowChange, Transaction
from banking.models.rollups import Delta
from banking.upsert.conclusions import conclude

# What a part has of its own.
OWN = (
    "id",
    "amount",
    "currency",
    "amount_in_account_currency",
    "balance",
    *("local_date", "flow", "kind", "kind_reason", "category", "month_competence", "month_cash", "rule"),
    "wording",
    *Transaction.PERSON_COLUMNS,
)
COPIED = [column.attname for column in Transaction._meta.concrete_fields if column.name not in OWN]


def make(row: Transaction, value: Decimal) -> Transaction:
    """A part, not stored yet. `value`: how much of the row, without a sign, in the account's currency."""
    copied = {name: getattr(row, name) for name in COPIED}
    return Transaction(
        id=uuid4(),
        part_of=row,
        amount=value.copy_sign(row.amount),
        currency=row.flow_currency,
        flow=value.copy_sign(row.flow),
        local_date=row.local_date,
        kind=row.kind,
        kind_reason=row.kind_reason,
        category_id=row.category_id,
        month_competence=row.month_competence,
        month_cash=row.month_cash,
        **copied,
    )


def follow(account: Account, *, roots: Mapping[str, str]) -> list[Delta]:
    """Parts become what their rows have become, gone or returned included; gives how the sums move.

    After each write of rows, in its transaction, under the lease.
    """
    rows = _behind(account)
    moved = []
    for part in rows:
        moved += Delta.of(part, sign=-1)
        for name in COPIED:
            setattr(part, name, getattr(part.part_of, name))
        moved += Delta.of(part, sign=1)
    Transaction.objects.bulk_update(rows, [name for name in COPIED if name not in ("user_id", "account_id")])
    wholes = {part.part_of_id for part in rows}
    return [*moved, *_anew(account, rows, roots), *_anew(account, _whole(wholes), roots)]


def _anew(account: Account, rows: Iterable[Transaction], roots: Mapping[str, str]) -> list[Delta]:
    rows = list(rows)
    return conclude(account, rows, roots=roots, by=RowChange.By.BANK).deltas if rows else []


def _whole(ids: Iterable[UUID | None]) -> Iterable[Transaction]:
    return Transaction.objects.filter(id__in=[one for one in ids if one])


def _behind(account: Account) -> list[Transaction]:
    """Parts whose row has moved on; most accounts have no part, which an index knows."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL_BEHIND, [account.id])
        ids = [row_id for (row_id,) in cursor.fetchall()]
    return list(Transaction.objects.filter(id__in=ids).select_related("part_of")) if ids else []


_SQL_BEHIND = f"""
    SELECT part.id FROM {Transaction._meta.db_table} part
    JOIN {Transaction._meta.db_table} whole ON whole.id = part.part_of_id
    WHERE part.account_id = %s AND part.part_of_id IS NOT NULL
    AND ({", ".join(f"part.{name}" for name in COPIED)})
        IS DISTINCT FROM ({", ".join(f"whole.{name}" for name in COPIED)})
"""
