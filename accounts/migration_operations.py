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
