"""Migration operations for row-level security. They import nothing of the project, so they never change."""

from django.db.migrations import RunSQL

# Subqueries are evaluated once per query, not once per record. A setting that is no user id matches nobody.
EVERYONE = "(SELECT current_setting('lume.user', true) = 'everyone')"
USER_ID = r"(SELECT substring(current_setting('lume.user', true) FROM '^\d{1,18}$')::bigint)"
OWN = f"user_id = {USER_ID}"
# Belongs to an item that the session sees: the item's own policy decides.
THROUGH_ITEM = "EXISTS (SELECT FROM connections_item WHERE connections_item.id = item_id)"


def row_policy(table: str, *, condition: str = OWN) -> RunSQL:
    """Let a session see and write only what belongs to its user, or everything if it is for everyone.

    FORCE makes the policy hold for the owner of the table, which the product is. It does not hold for
    superusers and roles with BYPASSRLS (see the system check in banking/web/checks.py).
    """
    return RunSQL(
        f"""
        CREATE POLICY row_policy ON {table} USING ({EVERYONE} OR {condition});
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        """,
        f"""
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
        DROP POLICY row_policy ON {table};
        """,
    )


def append_only(table: str, *, deletion_setting: str) -> RunSQL:
    """Refuse to change the rows of a table, and to delete them unless the transaction has the setting `on`."""
    return RunSQL(
        f"""
        CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND current_setting('{deletion_setting}', true) = 'on' THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'insufficient_privilege';
        END $$;
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION {table}_is_append_only();
        """,
        f"DROP TRIGGER append_only ON {table}; DROP FUNCTION {table}_is_append_only();",
    )


def log_policies(table: str) -> RunSQL:
    """Let every session append to a log, but see only what belongs to its user, or everything if for everyone."""
    return RunSQL(
        f"""
        CREATE POLICY append_policy ON {table} FOR INSERT WITH CHECK (true);
        CREATE POLICY row_policy ON {table} FOR SELECT USING ({EVERYONE} OR {OWN});
        CREATE POLICY delete_policy ON {table} FOR DELETE USING ({EVERYONE});
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        """,
        f"""
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
        DROP POLICY delete_policy ON {table};
        DROP POLICY row_policy ON {table};
        DROP POLICY append_policy ON {table};
        """,
    )


def outbox_policies(table: str) -> RunSQL:
    """Let every session append to an outbox; only sessions for everyone read, change and delete what is in it."""
    return RunSQL(
        f"""
        CREATE POLICY append_policy ON {table} FOR INSERT WITH CHECK (true);
        CREATE POLICY read_policy ON {table} FOR SELECT USING ({EVERYONE});
        CREATE POLICY change_policy ON {table} FOR UPDATE USING ({EVERYONE});
        CREATE POLICY delete_policy ON {table} FOR DELETE USING ({EVERYONE});
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        """,
        f"""
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
        DROP POLICY delete_policy ON {table};
        DROP POLICY change_policy ON {table};
        DROP POLICY read_policy ON {table};
        DROP POLICY append_policy ON {table};
        """,
    )
