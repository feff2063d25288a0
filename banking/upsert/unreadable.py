"""Remember what could not be read, and forget it when it can be, or is no more."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from banking.documents import redacted
from banking.models import Account, Item, UnreadableRow
from banking.pluggy import Unreadable

LONGEST_BODY = 4_000
MOST_KEPT = 500  # of one kind, of one item: a bank that sends only rubbish fills no disk
NAMELESS_FOR = timedelta(days=30)


def remember(
    item: Item, what: str, found: Iterable[Unreadable], *, account: Account | None = None, now: datetime
) -> None:
    """Parts of a list that was read: seen again, or for the first time."""
    found = list(found)
    if not found:
        return
    rows = {one.key: one for one in (_row(item, what, each, account, now) for each in found)}
    kept = item.unreadable.filter(what=what)
    known = set(kept.filter(key__in=rows).values_list("key", flat=True))
    room = max(0, MOST_KEPT - kept.count()) if len(known) < len(rows) else 0
    news = [row for key, row in rows.items() if key not in known][:room]
    UnreadableRow.objects.bulk_create(
        [*(rows[key] for key in known), *news],
        update_conflicts=True,
        unique_fields=["item", "what", "key"],
        update_fields=["reason", "body", "last_seen_at"],
    )


def remember_all(
    item: Item, what: str, found: Iterable[Unreadable], *, account: Account | None = None, now: datetime
) -> None:
    """A whole list was read: what it no longer holds, or holds readably, is forgotten."""
    found = list(found)
    keys = [_key(one) for one in found]
    item.unreadable.filter(what=what, account=account).exclude(key__in=keys).delete()
    remember(item, what, found, account=account, now=now)


def forget(item: Item, what: str, ids: Iterable[UUID]) -> None:
    """What can be read now, or is no longer there."""
    item.unreadable.filter(what=what, remote_id__in=list(ids)).delete()


def forget_nameless(account: Account, *, now: datetime) -> None:
    """Those without an id cannot be asked for: a while after they were last seen they are let go."""
    account.unreadable.filter(remote_id=None, last_seen_at__lt=now - NAMELESS_FOR).delete()


def _row(item: Item, what: str, one: Unreadable, account: Account | None, now: datetime) -> UnreadableRow:
    return UnreadableRow(
        user_id=item.user_id, item=item, account=account, what=what, key=_key(one), remote_id=one.id,
        reason=one.reason[:200], body=redacted(one.body)[:LONGEST_BODY], first_seen_at=now, last_seen_at=now,
    )  # fmt: skip


def _key(one: Unreadable) -> str:
    return str(one.id) if one.id else hashlib.sha256(one.body).hexdigest()
