INSERT INTO webhooks_event AS old
    (event_id, name, item_id, account_id, client_user_id, triggered_by, body, received_at,
     reason, settled_at, deliveries, attempts, error, seq, state, try_at)
SELECT %(event_id)s, %(name)s, %(event_item_id)s, %(event_account_id)s, %(client_user_id)s,
    %(triggered_by)s, %(body)s, %(now)s, %(reason)s, %(settled_at)s, 1, 0, '', item.seq,
    CASE WHEN item.seq IS NULL THEN %(state)s ELSE 'queued' END,
    CASE WHEN item.seq IS NULL THEN %(try_at)s::timestamptz END
FROM (SELECT) AS always LEFT JOIN (
    SELECT dirty_seq + 1 AS seq FROM connections_syncstate WHERE item_id = %(item_id)s FOR UPDATE
) AS item ON true
ON CONFLICT (event_id) DO UPDATE SET deliveries = old.deliveries + 1
RETURNING id, deliveries, state, seq, try_at
