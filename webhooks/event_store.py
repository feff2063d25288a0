"""Store a delivery: the event, the change of its item and its hint, in one transaction and one round trip.

Deliveries for one item wait for each other at the item's sync state. Statements that are sent to PostgreSQL as
one text are one transaction: the lock is released at once, even if this process does not run for a while.
"""

from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from accounts.row_security import SQL_FOR_EVERYONE
from banking.connections.models import SyncHint, SyncState
from webhooks.models import Event


def store(event: Event, hint: SyncHint | None) -> bool:
    """Store an event; False if its eventId is stored already: then only its deliveries are counted.

    An event in the state PARKED is stored as QUEUED if a user has its item.
    """
    concerns_item = event.state == Event.State.PARKED
    statements = [SQL_FOR_EVERYONE, _SQL_EVENT]
    if concerns_item:
        statements.append(_SQL_MARK_CHANGED)
    if hint is not None:
        statements.append(_SQL_HINT)
    with connection.cursor() as cursor:
        cursor.execute(";".join(statements), _parameters(event, hint, concerns_item))
        cursor.nextset()
        event.id, deliveries, event.state, event.seq, event.try_at = cursor.fetchone()
        was_up_to_date = concerns_item and cursor.nextset() and cursor.fetchone()
        event.needs_task = bool(event.seq is None or (was_up_to_date and was_up_to_date[0]))
    return bool(deliveries == 1)


def _parameters(event: Event, hint: SyncHint | None, concerns_item: bool) -> dict[str, Any]:
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
        "item_id": event.item_id if concerns_item else None,
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
    FROM (SELECT) AS always LEFT JOIN (
        SELECT dirty_seq + 1 AS seq FROM {SyncState._meta.db_table} WHERE item_id = %(item_id)s FOR UPDATE
    ) AS item ON true
    ON CONFLICT (event_id) DO UPDATE SET deliveries = old.deliveries + 1
    RETURNING id, deliveries, state, seq, try_at
"""
# Nothing happens for a repeated event: its number is older than the item's next one. The result is whether the item
# was up to date before, because then no task has been enqueued for it yet.
_SQL_MARK_CHANGED = f"""
    SELECT connections_mark_changed(state.item_id, %(now)s, false) = state.synced_seq + 1
    FROM {SyncState._meta.db_table} AS state
    JOIN {Event._meta.db_table} AS event
        ON event.event_id = %(event_id)s AND event.seq = state.dirty_seq + 1
    WHERE state.item_id = %(item_id)s
"""
_SQL_HINT = f"""
    INSERT INTO {SyncHint._meta.db_table} (item_id, seq, kind, account_id, transaction_ids, created_from)
    SELECT item_id, seq, %(kind)s, %(account_id)s, %(transaction_ids)s, %(created_from)s
    FROM {Event._meta.db_table}
    WHERE event_id = %(event_id)s AND deliveries = 1 AND seq IS NOT NULL
"""
