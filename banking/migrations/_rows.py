"""Row-level security for a table with an owner: one line of a migration, and no code of today's."""

from django.db.migrations import RunSQL

# Each is asked once per query, not once per row; whatever is not a number of a person is nobody.
EVERYONE = "(SELECT current_setting('lume.person', true) = 'everyone')"
PERSON = r"(SELECT substring(current_setting('lume.person', true) FROM '^\d{1,18}$')::bigint)"
THEIRS = f"user_id = {PERSON}"
# Of an item that is theirs: the item's own policy decides what is there.
THROUGH_ITEM = "EXISTS (SELECT FROM banking_item WHERE banking_item.id = item_id)"


def own_rows(table: str, *, those: str = THEIRS) -> RunSQL:
    """From now on a session sees and writes the rows of the person it is told to be, or everyone's.

    FORCE, because the product owns its tables; a superuser and a role with BYPASSRLS see all the same.
    """
    return RunSQL(
        f"""
        CREATE POLICY own_rows ON {table} USING ({EVERYONE} OR {those});
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        """,
        f"""
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
        DROP POLICY own_rows ON {table};
        """,
    )
