"""Set aside records that cannot be read, and release them once they can be read or no longer exist."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from banking.connections.models import Item
from banking.ledger.models import Account, QuarantinedRecord
from banking.money.documents import redacted
from banking.pluggy import Unreadable

MAX_BODY_LENGTH = 4_000
MAX_RECORDS = 500  # of one type and item, so that a bank that sends only garbage fills no disk
UNIDENTIFIED_FOR = timedelta(days=30)


def add(
    item: Item,
    record_type: str,
    unreadable: Iterable[Unreadable],
    *,
    account: Account | None = None,
    now: datetime,
) -> None:
    """Store unreadable records; of those that are stored already, only when they were last seen."""
    records = {
        _key(record): QuarantinedRecord(
            user_id=item.user_id,
            item=item,
            account=account,
            record_type=record_type,
            key=_key(record),
            record_id=record.id,
            reason=record.reason[:200],
            body=redacted(record.body)[:MAX_BODY_LENGTH],
            first_seen_at=now,
            last_seen_at=now,
        )
        for record in unreadable
    }
    if not records:
        return
    stored = item.quarantined_records.filter(record_type=record_type)
    known = set(stored.filter(key__in=records).values_list("key", flat=True))
    room = max(0, MAX_RECORDS - stored.count()) if len(known) < len(records) else 0
    new = [record for key, record in records.items() if key not in known][:room]
    QuarantinedRecord.objects.bulk_create(
        [*(records[key] for key in known), *new],
        update_conflicts=True,
        unique_fields=["item", "record_type", "key"],
        update_fields=["reason", "body", "last_seen_at"],
    )


def replace_all(
    item: Item,
    record_type: str,
    unreadable: Iterable[Unreadable],
    *,
    account: Account | None = None,
    now: datetime,
) -> None:
    """Store the unreadable records of a complete list, and release those that are not among them."""
    records = list(unreadable)
    stored = item.quarantined_records.filter(record_type=record_type, account=account)
    stored.exclude(key__in=[_key(record) for record in records]).delete()
    add(item, record_type, records, account=account, now=now)


def release(item: Item, record_type: str, ids: Iterable[UUID]) -> None:
    """Delete records that can be read now or no longer exist."""
    item.quarantined_records.filter(record_type=record_type, record_id__in=list(ids)).delete()


def release_unidentified(account: Account, *, now: datetime) -> None:
    """Delete records without an id some time after they were last seen: they cannot be asked for."""
    old = account.quarantined_records.filter(record_id=None, last_seen_at__lt=now - UNIDENTIFIED_FOR)
    old.delete()


def _key(record: Unreadable) -> str:
    return str(record.id) if record.id else hashlib.sha256(record.body).hexdigest()
