SELECT connections_mark_changed(state.item_id, %(now)s, false) = state.synced_seq + 1
FROM connections_syncstate AS state
JOIN webhooks_event AS event
    ON event.event_id = %(event_id)s AND event.seq = state.dirty_seq + 1
WHERE state.item_id = %(item_id)s
