"""Django's system check for the database's role: one that no policy binds would see everyone's rows."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import connections

_SQL_BYPASSES = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"


def role_obeys_policies(
    app_configs: Any,  # noqa: ARG001 - Django passes it by name
    databases: Sequence[str] | None,
    **_: Any,
) -> list[CheckMessage]:
    """Check the role; `migrate` and `check --database default` call it."""
    if "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(_SQL_BYPASSES)
        (bypasses,) = cursor.fetchone()
    if not bypasses:
        return []
    hint = "Connect as a role that is neither a superuser nor has BYPASSRLS (docs/operations.md)."
    return [Warning("The database's role sees every person's rows.", hint=hint, id="banking.W001")]
