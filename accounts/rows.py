"""Whose rows the database shows: nobody's, one person's, or everyone's (row-level security).

Each table with an owner has a policy that compares it with the session's setting `lume.person`. A session of
PostgreSQL begins as nobody's. What is set here holds for the thread, whatever becomes of its connection.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper

NOBODY, EVERYONE = "", "everyone"
# For one transaction that is sent as one text; it ends with it.
SQL_OF_EVERYONE = f"SELECT set_config('lume.person', '{EVERYONE}', true)"
_SQL_TELL = "SELECT set_config('lume.person', %s, false)"
_by_default = EVERYONE  # workers, commands and tests; a web server says otherwise
_whose: ContextVar[str | None] = ContextVar("whose rows", default=None)


def of_nobody_by_default() -> None:
    """For a process that strangers reach: outside of a person's request it sees nothing."""
    global _by_default
    _by_default = NOBODY


@contextmanager
def of(person_id: int | None) -> Iterator[None]:
    """Theirs alone; nobody's, if nobody is signed in."""
    with _seen(NOBODY if person_id is None else str(person_id)):
        yield


@contextmanager
def of_everyone() -> Iterator[None]:
    """For what serves all people: Pluggy's deliveries and the operators."""
    with _seen(EVERYONE):
        yield


def tell_new(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """A connection that was just made, perhaps in mid-request after the last one broke."""
    try:
        if _now() != NOBODY:
            _tell(connection)
    except Error:
        connection.close()
        raise


def _now() -> str:
    whose = _whose.get()
    return _by_default if whose is None else whose


@contextmanager
def _seen(whose: str) -> Iterator[None]:
    """Told outside of transactions, or within one that ends inside: else its rollback would take it back."""
    if whose == _now():
        yield
        return
    before = _whose.set(whose)
    try:
        _tell_if_open()
        yield
    finally:
        _whose.reset(before)
        _take_back()


def _take_back() -> None:
    try:
        _tell_if_open()
    except Error:  # broken, or in a transaction that failed: nobody goes on with it
        connection.close()


def _tell_if_open() -> None:
    """A connection that is not there yet is told when it is made."""
    if connection.connection is not None:
        _tell(connection)


def _tell(to: Any) -> None:
    with to.cursor() as cursor:
        cursor.execute(_SQL_TELL, [_now()])
