"""Django's system checks of the database's role: one that no policy binds would see everyone's rows."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections

# The migrations' role owns the tables. Once the web has a role of its own, this becomes Error.
OWNERSHIP_LEVEL = Warning

_SQL_BYPASSES = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
_SQL_OWNED = """
    SELECT current_user, count(*)
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname = ANY (current_schemas(false))
      AND pg_has_role(current_user, relowner, 'USAGE')
"""


def role_obeys_policies(
    app_configs: Any,  # noqa: ARG001 - Django passes it by name
    databases: Sequence[str] | None,
    **_: Any,
) -> list[CheckMessage]:
    """Check the role; `migrate` and `check --database default` call it. Outside DEBUG the finding is an error."""
    if "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(_SQL_BYPASSES)
        (bypasses,) = cursor.fetchone()
    if not bypasses:
        return []
    hint = "Connect as a role that is neither a superuser nor has BYPASSRLS (docs/operations.md)."
    text = "The database's role sees every person's rows."
    if settings.DEBUG:
        return [Warning(text, hint=hint, id="banking.W001")]
    return [Error(text, hint=hint, id="banking.E001")]


def web_role_owns_no_table(
    app_configs: Any,  # noqa: ARG001 - Django passes it by name
    databases: Sequence[str] | None,
    **_: Any,
) -> list[CheckMessage]:
    """Check for `check --deploy --database default`, run as the web: who owns a table can drop its policies."""
    if "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(_SQL_OWNED)
        role, table_count = cursor.fetchone()
    if not table_count:
        return []
    hint = "Give the web a role that may read and write, and owns nothing (docs/operations.md)."
    return [OWNERSHIP_LEVEL(f"The role {role} owns {table_count} tables.", hint=hint, id="banking.W002")]
