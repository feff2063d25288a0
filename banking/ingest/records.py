"""Store records that come in short lists: compare them in memory and write only those that differ."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import models

from banking.connections.models import Item
from banking.ingest import quarantine, validation
from banking.ledger.models import Account
from banking.pluggy import Listing, Unreadable

M = TypeVar("M", bound=models.Model)
P = TypeVar("P")
# Columns that do not come from Pluggy's lists.
DERIVED = "counted_as"  # of investments and loans
NOT_COMPARED = frozenset({"id", "user", "missing_since", DERIVED})


class RecordSource(NamedTuple):
    """Source of a list: its item, its account if it has one, and the type of its records."""

    item: Item
    record_type: str  # QuarantinedRecord.RecordType
    account: Account | None = None


def read_list(
    listed: Iterable[P], build: Callable[[P], M], source: RecordSource, *, now: datetime
) -> tuple[list[M], set[UUID]]:
    """Build the records of a complete list and quarantine the others; return both, the latter as ids."""
    records, unreadable = build_valid(listed, build)
    quarantine.replace_all(source.item, source.record_type, unreadable, account=source.account, now=now)
    return records, validation.ids(unreadable)


def build_valid(listed: Iterable[P], build: Callable[[P], M]) -> tuple[list[M], list[Unreadable]]:
    """Build a model instance of each payload; return the valid ones, each id once, and the others.

    `build` raises ValueError or ArithmeticError for a payload that cannot be converted.
    """
    records: dict[Any, M] = {}
    unreadable = list(listed.unreadable) if isinstance(listed, Listing) else []
    for payload in listed:
        try:
            record = build(payload)
            validation.clear_odd_details(record)
            problem = validation.record_problem(record)
        except (ValueError, ArithmeticError) as error:
            unreadable.append(Unreadable.of(payload, str(error) or type(error).__name__))
            continue
        if problem:
            unreadable.append(Unreadable.of(payload, problem))
        else:
            records[record.pk] = record
    return list(records.values()), unreadable


def check_item(item: Item, item_id: UUID | None) -> None:
    """Raise ValueError if a payload names another item."""
    if item_id is not None and item_id != item.id:
        raise ValueError("itemId: it says that it belongs to another connection")


def store(records: Sequence[M], *, parent: str) -> int:
    """Write the records that differ from the stored ones; return how many.

    `parent` names the foreign key that they share. A stored record with another parent is left alone:
    records never move.
    """
    if not records:
        return 0
    model = type(records[0])
    fields = model._meta.concrete_fields
    compared = [field.attname for field in fields if field.name not in NOT_COMPARED]
    stored = model._default_manager.in_bulk([record.pk for record in records])
    changed = [
        record for record in records if _differs(record, stored.get(record.pk), compared, f"{parent}_id")
    ]
    updated = [field.name for field in fields if field.name not in ("id", "user", parent, DERIVED)]
    model._default_manager.bulk_create(
        changed, update_conflicts=True, unique_fields=["id"], update_fields=updated
    )
    return len(changed)


def _differs(record: M, stored: M | None, compared: Iterable[str], parent: str) -> bool:
    if stored is None:
        return True
    if getattr(stored, parent) != getattr(record, parent):
        return False
    was_missing = getattr(stored, "missing_since", None) is not None
    return was_missing or any(_value(stored, name) != _value(record, name) for name in compared)


def _value(record: models.Model, name: str) -> Any:
    """Return the value as PostgreSQL stores it: amounts with eight decimals."""
    field = record._meta.get_field(name.removesuffix("_id") if name.endswith("_id") else name)
    value = getattr(record, name)
    return round(value, 8) if value is not None and isinstance(field, models.DecimalField) else value


def mark_missing(
    expected: models.QuerySet[M],
    listed: Iterable[M],
    *,
    unreadable_ids: Iterable[UUID] = (),
    since: datetime | None,
) -> int:
    """Mark the stored records that are no longer listed; return how many. Without `since`, mark none."""
    if since is None:
        return 0
    ids = [*(record.pk for record in listed), *unreadable_ids]
    return expected.exclude(pk__in=ids).filter(missing_since=None).update(missing_since=since)


def has_unidentified(listed: Iterable[P]) -> bool:
    """Tell whether an element has no readable id: it could be any stored record, so none is missing."""
    return isinstance(listed, Listing) and any(record.id is None for record in listed.unreadable)
