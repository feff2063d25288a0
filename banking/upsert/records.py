"""Records that come in lists of few: compared in memory, and only those that differ are written."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import models

from banking.models import Account, Item
from banking.pluggy import Listing, Unreadable
from banking.upsert import bounds, unreadable

M = TypeVar("M", bound=models.Model)
P = TypeVar("P")
# What comes from nowhere but here: not to be overwritten by a list of the bank.
NOT_COMPARED = frozenset({"id", "user", "missing_since"})


class Place(NamedTuple):
    """Where a list comes from and what it holds, for what cannot be read of it."""

    item: Item
    what: str
    account: Account | None = None


def sound(
    listed: Iterable[P], build: Callable[[P], M], *, place: Place, now: datetime
) -> tuple[list[M], set[UUID]]:
    """The rows of a whole list, and the ids of what cannot be read of it, which is kept aside."""
    rows, refused = judged(listed, build)
    unreadable.remember_all(place.item, place.what, refused, account=place.account, now=now)
    return rows, bounds.ids(refused)


def judged(listed: Iterable[P], build: Callable[[P], M]) -> tuple[list[M], list[Unreadable]]:
    """Each built by `build`, once, and checked; what cannot be read of the list has its reason."""
    rows: dict[Any, M] = {}
    refused = list(listed.unreadable) if isinstance(listed, Listing) else []
    for one in listed:
        try:
            row = build(one)
            reason = bounds.record_problem(row)
        except (ValueError, ArithmeticError) as error:
            refused.append(Unreadable.of(one, str(error) or type(error).__name__))
            continue
        if reason:
            refused.append(Unreadable.of(one, reason))
        else:
            rows[row.pk] = row
    return list(rows.values()), refused


def store(rows: Sequence[M], *, parent: str) -> int:
    """Write the records of one list, each of the same `parent` (a foreign key); gives the rows written.

    A record that belongs to somebody or something else already is left alone: it never moves.
    """
    if not rows:
        return 0
    model = type(rows[0])
    compared = [field.attname for field in model._meta.concrete_fields if field.name not in NOT_COMPARED]
    known = model._default_manager.in_bulk([row.pk for row in rows])
    changed = [row for row in rows if _differs(row, known.get(row.pk), compared, f"{parent}_id")]
    names = [field.name for field in model._meta.concrete_fields if field.name not in ("id", "user", parent)]
    model._default_manager.bulk_create(
        changed, update_conflicts=True, unique_fields=["id"], update_fields=names
    )
    return len(changed)


def _differs(row: M, known: M | None, compared: Iterable[str], parent: str) -> bool:
    if known is None:
        return True
    if getattr(known, parent) != getattr(row, parent):
        return False
    was_missing = getattr(known, "missing_since", None) is not None
    return was_missing or any(_value(known, name) != _value(row, name) for name in compared)


def _value(row: models.Model, name: str) -> Any:
    """As PostgreSQL would give it back: eight decimals."""
    field = row._meta.get_field(name.removesuffix("_id") if name.endswith("_id") else name)
    value = getattr(row, name)
    return round(value, 8) if value is not None and isinstance(field, models.DecimalField) else value


def mark_missing(
    expected: models.QuerySet[M], listed: Iterable[M], *, aside: Iterable[UUID] = (), now: datetime
) -> int:
    """Records that a list of the bank no longer holds, `aside` included; an empty list proves nothing."""
    ids = [*(row.pk for row in listed), *aside]
    if not ids:
        return 0
    return expected.exclude(pk__in=ids).filter(missing_since=None).update(missing_since=now)
