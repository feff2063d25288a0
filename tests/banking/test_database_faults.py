"""A database that refuses: nothing is half stored, Pluggy delivers again, and a run goes on by itself."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from django.test import Client

from accounts.models import User
from banking import rollups
from banking.models import SyncRun
from banking.pluggy import Client as PluggyClient
from dev.postgres import SUPERUSER
from pfm import bell
from tests.localpluggy import LocalPluggy, wait_until
from tests.payloads import bound_item, event
from tests.syncing import LATER, changed, live, remote, run
from webhooks.models import Event
from webhooks.secret import SECRET_HEADER

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("categories")]


def sql(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text)


@contextmanager
def read_only() -> Iterator[None]:
    """As after a failover to a replica, or when an operator stops all writing."""
    sql("SET default_transaction_read_only = on")
    try:
        yield
    finally:
        sql("SET default_transaction_read_only = off")


@contextmanager
def failing(table: str, error: str) -> Iterator[None]:
    """Every new row of the table is refused with this error of PostgreSQL's own."""
    sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{error}'; END $$"
    )
    sql(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()")
    try:
        yield
    finally:
        sql("DROP FUNCTION refuse() CASCADE")


@contextmanager
def slow(table: str) -> Iterator[None]:
    """Somebody holds the table for longer than a statement may take."""
    with another_connection() as other:
        other.execute(f"LOCK TABLE {table} IN SHARE MODE")
        sql("SET statement_timeout = '100ms'")
        try:
            yield
        finally:
            other.rollback()
            sql("SET statement_timeout = DEFAULT")


@contextmanager
def deadlock() -> Iterator[None]:
    """Somebody holds the accounts and wants the item, which the run holds while it wants the accounts."""

    def want() -> None:
        wait_until(lambda: waits(mine, other), seconds=20, what="the run waits for an account")
        other.execute("SELECT 1 FROM banking_syncstate FOR UPDATE")
        other.rollback()

    mine = connection.connection.info.backend_pid
    with another_connection() as other:
        other.execute("SET deadlock_timeout = '30s'")  # it is the run that finds out, and is ended
        other.execute("SELECT 1 FROM banking_account FOR UPDATE")
        thread = threading.Thread(target=want)
        thread.start()
        yield
        thread.join(30)


@contextmanager
def another_connection() -> Iterator[psycopg.Connection]:
    with psycopg.connect(**connection.get_connection_params() | {"user": SUPERUSER}) as other:
        yield other


def waits(mine: int, other: psycopg.Connection) -> bool:
    """Our own connection waits for a lock that the other one has."""
    found = other.execute("SELECT pg_blocking_pids(%s)", [mine]).fetchone()
    return bool(found and found[0])


AT_THE_DOOR = [
    read_only,
    lambda: failing("webhooks_event", "disk_full"),
    lambda: failing("webhooks_event", "serialization_failure"),
    lambda: slow("webhooks_event"),
]
IN_A_RUN = [
    read_only,
    lambda: failing("banking_transaction", "disk_full"),
    lambda: failing("banking_transaction", "serialization_failure"),
    lambda: slow("banking_transaction"),
    deadlock,
]
NAMES = ["read only", "disk full", "serialization", "statement timeout", "deadlock"]


@pytest.mark.parametrize("trouble", AT_THE_DOOR, ids=NAMES[:4])
def test_a_delivery_is_503_and_comes_again(
    alice: User, trouble: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-24: nothing is half stored; the same delivery is stored when the database takes it again."""
    monkeypatch.setattr(bell, "ring", lambda *_: False)
    item = bound_item(alice)
    text, headers = json.dumps(event(item=item)), {SECRET_HEADER: settings.PLUGGY_WEBHOOK_SECRET}

    def deliver() -> Any:
        return Client().post("/webhooks/pluggy", text, content_type="application/json", headers=headers)

    with trouble():
        answer = deliver()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    item.sync.refresh_from_db()
    assert (Event.objects.count(), item.sync.dirty_seq) == (0, 0)
    assert deliver().status_code == 202
    item.sync.refresh_from_db()
    assert (Event.objects.count(), item.sync.dirty_seq) == (1, 1)


@pytest.mark.parametrize("trouble", IN_A_RUN, ids=NAMES)
def test_a_run_is_tried_again_and_nothing_is_half_written(
    alice: User, pluggy: LocalPluggy, connect: Any, trouble: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """F-24: the trouble begins after the item was read, before its accounts are written."""
    item = connect(alice)
    pluggy.spend(str(item.id), description="NOVA", amount=-7, silent=True)
    changed(item)
    before, listed = live(item), PluggyClient.accounts
    with ExitStack() as stack:

        def then(*words: Any) -> Any:
            stack.enter_context(trouble())
            return listed(*words)

        monkeypatch.setattr(PluggyClient, "accounts", then)
        with pytest.raises(DatabaseError):
            run(item)
    assert live(item) == before
    assert rollups.differences() == []
    monkeypatch.undo()
    assert run(item, after=LATER).outcome == SyncRun.Outcome.SUCCEEDED
    assert live(item) == remote(pluggy, item)
    assert rollups.differences() == []
    item.sync.refresh_from_db()
    assert not item.sync.is_behind
