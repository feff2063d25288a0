"""Database failures: nothing is stored partially, Pluggy delivers again, and the sync is retried."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from django.test import Client

from accounts.models import User
from banking.connections.models import Item, SyncRun
from banking.ledger import monthly_totals
from banking.pluggy import Client as PluggyClient
from pfm import task_queue
from tests.factories import create_item
from tests.local_pluggy import LocalPluggy, wait_until
from tests.payloads import event
from tests.postgres import another_connection
from tests.sync_helpers import LATER, mark_changed, remote_amounts, run_sync, stored_amounts
from webhooks.models import Event
from webhooks.secrets import SECRET_HEADER

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("categories")]


def execute(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text)


@contextmanager
def read_only() -> Iterator[None]:
    """Refuse writes, as after a failover to a replica or when an operator stops all writing."""
    execute("SET default_transaction_read_only = on")
    try:
        yield
    finally:
        execute("SET default_transaction_read_only = off")


@contextmanager
def failing(table: str, error: str) -> Iterator[None]:
    """Let every INSERT into the table fail with this PostgreSQL error."""
    execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{error}'; END $$"
    )
    execute(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()")
    try:
        yield
    finally:
        execute("DROP FUNCTION refuse() CASCADE")


@contextmanager
def slow(table: str) -> Iterator[None]:
    """Lock the table for longer than the statement timeout."""
    with another_connection() as other:
        other.execute(f"LOCK TABLE {table} IN SHARE MODE")
        execute("SET statement_timeout = '100ms'")
        try:
            yield
        finally:
            other.rollback()
            execute("SET statement_timeout = DEFAULT")


@contextmanager
def deadlock() -> Iterator[None]:
    """Make the sync deadlock with another connection, which locks the accounts first and the item second."""

    def lock_item() -> None:
        wait_until(lambda: is_blocked(own_pid, other), seconds=20, what="the sync waits for an account")
        other.execute("SELECT 1 FROM connections_syncstate FOR UPDATE")
        other.rollback()

    own_pid = connection.connection.info.backend_pid
    with another_connection() as other:
        # The sync waits first, so PostgreSQL detects the deadlock there and cancels the sync.
        other.execute("SELECT 1 FROM ledger_account FOR UPDATE")
        thread = threading.Thread(target=lock_item)
        thread.start()
        yield
        thread.join(30)


def is_blocked(pid: int, other: psycopg.Connection) -> bool:
    """Tell whether the database process waits for a lock."""
    record = other.execute("SELECT pg_blocking_pids(%s)", [pid]).fetchone()
    return bool(record and record[0])


DELIVERY_FAULTS: list[Callable[[], AbstractContextManager[None]]] = [
    read_only,
    lambda: failing("webhooks_event", "disk_full"),
    lambda: failing("webhooks_event", "serialization_failure"),
    lambda: slow("webhooks_event"),
]
SYNC_FAULTS: list[Callable[[], AbstractContextManager[None]]] = [
    read_only,
    lambda: failing("ledger_transaction", "disk_full"),
    lambda: failing("ledger_transaction", "serialization_failure"),
    lambda: slow("ledger_transaction"),
    deadlock,
]
NAMES = ["read only", "disk full", "serialization", "statement timeout", "deadlock"]


@pytest.mark.parametrize("fault", DELIVERY_FAULTS, ids=NAMES[:4])
def test_a_delivery_is_answered_503_and_stored_when_it_is_repeated(
    alice: User, fault: Callable[[], AbstractContextManager[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-24: nothing is stored partially; the same delivery is stored once the database accepts writes again."""
    monkeypatch.setattr(task_queue, "enqueue", lambda *_: False)
    item = create_item(alice)
    text, headers = json.dumps(event(item=item)), {SECRET_HEADER: settings.PLUGGY_WEBHOOK_SECRET}

    def deliver() -> Any:
        return Client().post("/webhooks/pluggy", text, content_type="application/json", headers=headers)

    with fault():
        answer = deliver()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    item.sync.refresh_from_db()
    assert (Event.objects.count(), item.sync.dirty_seq) == (0, 0)
    assert deliver().status_code == 202
    item.sync.refresh_from_db()
    assert (Event.objects.count(), item.sync.dirty_seq) == (1, 1)


@pytest.mark.parametrize("fault", SYNC_FAULTS, ids=NAMES)
def test_a_failed_sync_is_retried_and_writes_nothing_partially(
    alice: User,
    pluggy: LocalPluggy,
    connect: Callable[..., Item],
    fault: Callable[[], AbstractContextManager[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F-24: the failure begins after the item was read, before its accounts are written."""
    item = connect(alice)
    pluggy.add_transaction(str(item.id), description="NOVA", amount=-7, silent=True)
    mark_changed(item)
    before, list_accounts = stored_amounts(item), PluggyClient.accounts
    with ExitStack() as stack:

        def fail_afterwards(*arguments: Any) -> Any:
            stack.enter_context(fault())
            return list_accounts(*arguments)

        monkeypatch.setattr(PluggyClient, "accounts", fail_afterwards)
        with pytest.raises(DatabaseError):
            run_sync(item)
    assert stored_amounts(item) == before
    assert monthly_totals.differences() == []
    monkeypatch.undo()
    assert run_sync(item, after=LATER).outcome == SyncRun.Outcome.SUCCEEDED
    assert stored_amounts(item) == remote_amounts(pluggy, item)
    assert monthly_totals.differences() == []
    item.sync.refresh_from_db()
    assert not item.sync.is_behind
