"""Keep a delivery: the event, the change of its item and its hint, in one transaction and one round trip.

Deliveries for one item wait for each other at its row. What is sent to PostgreSQL as one text is one
transaction there: the row is free again after its commit, and not only when this process has its turn again.
"""

from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from accounts.rows import SQL_OF_EVERYONE
from banking.models import SyncHint, SyncState
from banking.models.items import SQL_CHANGED
from webhooks.models import Event


def store(event: Event, hint: SyncHint | None) -> bool:
    """False if this eventId was here already: then only its deliveries are counted.

    An event that is to be parked is queued instead if somebody here has its item.
    """
    is_an_items = event.state == Event.State.PARKED
    parts = [
        SQL_OF_EVERYONE,
        _SQL_EVENT,
        *([_SQL_CHANGED] * is_an_items),
        *([_SQL_HINT] * (hint is not None)),
    ]
    with connection.cursor() as cursor:
        cursor.execute(";".join(parts), _values(event, hint, is_an_items))
        cursor.nextset()
        event.id, deliveries, event.state, event.seq, event.try_at = cursor.fetchone()
        is_first = is_an_items and cursor.nextset() and cursor.fetchone()
        event.is_news = bool(event.seq is None or (is_first and is_first[0]))
    return bool(deliveries == 1)


def _values(event: Event, hint: SyncHint | None, is_an_items: bool) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "name": event.name,
        "event_item_id": event.item_id,
        "event_account_id": event.account_id,
        "client_user_id": event.client_user_id,
        "triggered_by": event.triggered_by,
        "body": Jsonb(event.body),
        "state": event.state,
        "reason": event.reason,
        "try_at": event.try_at,
        "settled_at": event.settled_at,
        "now": event.received_at,
        "at_once": False,
        "item_id": event.item_id if is_an_items else None,
        "kind": hint and hint.kind,
        "account_id": hint and hint.account_id,
        "transaction_ids": hint and hint.transaction_ids,
        "created_from": hint and hint.created_from,
    }


_SQL_EVENT = f"""
    INSERT INTO {Event._meta.db_table} AS old
        (event_id, name, item_id, account_id, client_user_id, triggered_by, body, received_at,
         reason, settled_at, deliveries, attempts, error, seq, state, try_at)
    SELECT %(event_id)s, %(name)s, %(event_item_id)s, %(event_account_id)s, %(client_user_id)s,
        %(triggered_by)s, %(body)s, %(now)s, %(reason)s, %(settled_at)s, 1, 0, '', item.seq,
        CASE WHEN item.seq IS NULL THEN %(state)s ELSE '{Event.State.QUEUED}' END,
        CASE WHEN item.seq IS NULL THEN %(try_at)s::timestamptz END
    FROM (SELECT) AS one LEFT JOIN (
        SELECT dirty_seq + 1 AS seq FROM {SyncState._meta.db_table} WHERE item_id = %(item_id)s FOR UPDATE
    ) AS item ON true
    ON CONFLICT (event_id) DO UPDATE SET deliveries = old.deliveries + 1
    RETURNING id, deliveries, state, seq, try_at
"""
# A repeated event has a number that its item has reached long ago.
_SQL_CHANGED = f"""
    {SQL_CHANGED} AND dirty_seq + 1 = (SELECT seq FROM {Event._meta.db_table} WHERE event_id = %(event_id)s)
    RETURNING dirty_seq = synced_seq + 1
"""
_SQL_HINT = f"""
    INSERT INTO {SyncHint._meta.db_table} (item_id, seq, kind, account_id, transaction_ids, created_from)
    SELECT item_id, seq, %(kind)s, %(account_id)s, %(transaction_ids)s, %(created_from)s
    FROM {Event._meta.db_table}
    WHERE event_id = %(event_id)s AND deliveries = 1 AND seq IS NOT NULL
"""
