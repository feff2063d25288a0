"""Keep a delivery: the event, the change of its item and its hint, in one statement that commits by itself.

Deliveries for one item wait for each other at its row. In one statement that takes as long as PostgreSQL needs
for a commit, not until this process has its turn again.
"""

from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from banking.models import SyncHint
from banking.models.items import SQL_CHANGED
from webhooks.models import Event


def store(event: Event, hint: SyncHint | None) -> bool:
    """False if this eventId was here already: then only its deliveries are counted.

    IntegrityError if it came twice at one moment and the other was first; then nothing is stored.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SQL_STORE, _values(event, hint))
        found = cursor.fetchone()
    if found is not None:
        event.id, event.state, event.seq, event.try_at, event.is_news = found
    return found is not None


def _values(event: Event, hint: SyncHint | None) -> dict[str, Any]:
    is_an_items = event.state == Event.State.PARKED
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


_SQL_STORE = f"""
    WITH again AS (
        UPDATE {Event._meta.db_table} SET deliveries = deliveries + 1 WHERE event_id = %(event_id)s
        RETURNING id
    ), changed AS (
        {SQL_CHANGED} AND NOT EXISTS (SELECT FROM again)
        RETURNING dirty_seq AS seq, dirty_seq = synced_seq + 1 AS is_first
    ), hinted AS (
        INSERT INTO {SyncHint._meta.db_table}
            (item_id, seq, kind, account_id, transaction_ids, created_from)
        SELECT %(item_id)s, seq, %(kind)s, %(account_id)s, %(transaction_ids)s, %(created_from)s
        FROM changed WHERE %(kind)s IS NOT NULL
    )
    INSERT INTO {Event._meta.db_table}
        (event_id, name, item_id, account_id, client_user_id, triggered_by, body, received_at,
         reason, settled_at, deliveries, attempts, error, seq, state, try_at)
    SELECT %(event_id)s, %(name)s, %(event_item_id)s, %(event_account_id)s, %(client_user_id)s,
        %(triggered_by)s, %(body)s, %(now)s, %(reason)s, %(settled_at)s, 1, 0, '', seq,
        CASE WHEN seq IS NULL THEN %(state)s ELSE '{Event.State.QUEUED}' END,
        CASE WHEN seq IS NULL THEN %(try_at)s::timestamptz END
    FROM (SELECT) AS one LEFT JOIN changed ON true
    WHERE NOT EXISTS (SELECT FROM again)
    RETURNING id, state, seq, try_at, coalesce((SELECT is_first FROM changed), true)
"""
