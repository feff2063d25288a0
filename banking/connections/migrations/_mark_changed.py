"""The database function that marks an item as changed; SyncState.objects.mark_changed() explains it."""

CREATE_FUNCTION = """
    CREATE FUNCTION connections_mark_changed(changed_item uuid, changed_at timestamptz, at_once boolean)
    RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE new_seq bigint;
    BEGIN
        UPDATE connections_syncstate SET dirty_seq = dirty_seq + 1,
            due_at = CASE WHEN attempts = 0 OR at_once THEN changed_at ELSE due_at END
        WHERE item_id = changed_item
        RETURNING dirty_seq INTO new_seq;
        RETURN new_seq;
    END $$
"""
DROP_FUNCTION = "DROP FUNCTION connections_mark_changed"
