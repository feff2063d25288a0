"""Row-level security: whose data a database session sees: nobody's, one user's or everyone's.

Each table with an owner has a policy that compares the owner with the session's setting `lume.user`. A new
session of PostgreSQL sees nobody's data. What is set here holds for the thread, also when it reconnects.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper

NOBODY, EVERYONE = "", "everyone"
# For a transaction that is sent as one text; the setting ends with it.
SQL_FOR_EVERYONE = f"SELECT set_config('lume.user', '{EVERYONE}', true)"
_SQL_SET = "SELECT set_config('lume.user', %s, false)"
_default = EVERYONE  # for workers, commands and tests; the web server sets another
_current: ContextVar[str | None] = ContextVar("row security", default=None)


def default_to_nobody() -> None:
    """Make this process see no data by default; for the web server, which anybody can reach."""
    global _default
    _default = NOBODY


@contextmanager
def for_user(user_id: int | None) -> Iterator[None]:
    """See the data of one user only; of nobody, if `user_id` is None."""
    with _set(NOBODY if user_id is None else str(user_id)):
        yield


@contextmanager
def for_everyone() -> Iterator[None]:
    """See the data of all users; for webhooks and operators."""
    with _set(EVERYONE):
        yield


def apply_to_new_connection(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Apply the current setting to a connection that Django has just opened, perhaps in mid-request."""
    try:
        if _effective() != NOBODY:
            _apply(connection)
    except Error:
        connection.close()
        raise


def _effective() -> str:
    current = _current.get()
    return _default if current is None else current


@contextmanager
def _set(setting: str) -> Iterator[None]:
    """Change the setting for the block.

    Use it outside of a database transaction, or around a whole one: a rollback would undo the change.
    """
    if setting == _effective():
        yield
        return
    token = _current.set(setting)
    try:
        _apply_if_open()
        yield
    finally:
        _current.reset(token)
        _restore()


def _restore() -> None:
    try:
        _apply_if_open()
    except Error:  # the connection is broken, or in a failed transaction: it must not be used any further
        connection.close()


def _apply_if_open() -> None:
    """Apply the setting; a connection that is not open yet gets it from apply_to_new_connection()."""
    if connection.connection is not None:
        _apply(connection)


def _apply(database: Any) -> None:
    with database.cursor() as cursor:
        cursor.execute(_SQL_SET, [_effective()])
