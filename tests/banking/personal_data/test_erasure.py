"""Erasing a user: at Pluggy first, then every row, whatever fails on the way, and nothing of them is left."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Erasure, SecurityEvent, User
from banking.connections import actions
from banking.connections.models import Alert, Item
from banking.ledger.models import Transaction
from banking.personal_data import erasure as erasures
from banking.personal_data.tables import OwnedTable, owned_tables
from banking.verify import personal_data
from banking.web import tasks
from banking.web.api_client import pluggy as our_client
from pfm import task_queue
from tests.banking.personal_data.traces import deliver, login_failures, needles, populate, tables_with_traces
from tests.factories import create_item_with_transactions
from tests.local_pluggy import LocalPluggy
from tests.payloads import event
from tests.proof.failpoints import Killed, kill
from tests.signing_in import signed_in
from tests.staff import page, sign_in_staff, sign_in_superuser
from webhooks.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories", "pluggy")]
State = Erasure.State


@pytest.fixture(autouse=True)
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The enqueued tasks; no worker runs them."""
    messages: list[Any] = []
    monkeypatch.setattr(task_queue, "enqueue", lambda task, *args: messages.append((task.name, *args)))
    return messages


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("staff@example.com", is_staff=True)


@pytest.fixture
def texts(alice: User, staff: User) -> list[str]:
    """What tells that a row is about alice, who has a row in every table."""
    populate(alice, staff)
    return needles(alice)


def request(user: User, wait: timedelta = timedelta()) -> Erasure:
    return erasures.request(user, now=timezone.now(), wait=wait, language="en")


def claimed(user: User, pluggy: LocalPluggy) -> Item:
    item_id = uuid.UUID(pluggy.connect(user.reference))
    return actions.claim(user, item_id, client=our_client(), now=timezone.now())


def run(erasure: Erasure, *, after: timedelta = timedelta()) -> bool:
    with connection.cursor() as cursor:  # a test never commits, so foreign keys would not be checked
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return erasures.run(erasure.pk, client=our_client(), now=lambda: timezone.now() + after)


def later(erasure: Erasure) -> Callable[[], datetime]:
    """Return a clock that shows when the erasure is due again."""
    erasure.refresh_from_db()
    return lambda: max(erasure.try_at, timezone.now())


# --- No trace ------------------------------------------------------------------------------------------
def test_nothing_is_left_in_any_table(alice: User, bob: User, texts: list[str], staff: User) -> None:
    populated = {table.name for table in owned_tables() if table.of(alice).exists()}
    of_operators = {"accounts_user_groups", "accounts_user_user_permissions", "django_admin_log"}
    assert {table.name for table in owned_tables()} - populated == of_operators
    before = tables_with_traces(alice.pk, texts)
    named = {table.name for table in owned_tables() if table.parent is None} - of_operators
    assert named | {"webhooks_event", "django_admin_log", "cache_entries", "django_session"} <= before.keys()
    item_of_bob = populate(bob, staff, name="Benedito")

    erasure = request(alice)
    pk = alice.pk
    assert run(erasure)
    assert tables_with_traces(pk, texts) == {}
    assert Item.objects.get() == item_of_bob
    assert not login_failures(alice) and login_failures(bob)
    assert tables_with_traces(bob.pk, needles(bob)).keys() >= named

    erasure.refresh_from_db()
    assert (erasure.state, erasure.user_id, erasure.email, erasure.reason) == (State.DONE, None, "", "")
    assert populated <= erasure.counts.keys() and erasure.counts["accounts_user"] == 1
    (receipt,) = mail.outbox
    assert receipt.to == ["alice@example.com"]
    assert not any(text.lower() in f"{receipt.subject} {receipt.body}".lower() for text in texts)


def test_the_tables_are_in_an_order_that_foreign_keys_allow() -> None:
    tables = list(owned_tables())
    names = [table.name for table in tables]
    assert len(names) > 25 and len(names) == len(set(names))
    assert names.index("ledger_transaction") < names.index("ledger_rule") < names.index("ledger_account")
    lookups = {table.name: table.lookup for table in tables}
    assert lookups["connections_syncstate"] == "item__user"
    assert lookups["account_emailconfirmation"] == "email_address__user"


def test_parts_of_a_split_go_before_the_whole(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    create_item_with_transactions(alice, [{"amount": "-10.00"}, {"amount": "-20.00"}, {"amount": "-30.00"}])
    whole = Transaction.objects.first()
    Transaction.objects.exclude(pk=whole.pk).update(parent_transaction=whole)  # type: ignore[union-attr]
    monkeypatch.setattr(erasures, "BATCH", 1)
    assert run(request(alice))
    assert not Transaction.objects.exists()


# --- Pluggy first ----------------------------------------------------------------------------------------
def test_connections_are_deleted_at_pluggy_before_anything_here(
    alice: User, connect: Callable[..., Item], pluggy: LocalPluggy
) -> None:
    item = connect(alice)
    unclaimed = pluggy.connect(alice.reference)  # the browser was closed before it was claimed
    foreign = pluggy.connect("somebody-else")
    deliver(event("item/created", item=foreign, clientUserId=alice.reference))  # a lie, or a mistake
    pluggy.fault("status", f"/items/{item.id}", method="DELETE", status=503)
    erasure = request(alice)
    assert not run(erasure)
    erasure.refresh_from_db()
    assert (erasure.state, erasure.failure, erasure.attempts) == (State.RUNNING, "Unavailable", 1)
    assert erasure.try_at > timezone.now() + timedelta(seconds=30)
    assert Transaction.objects.of(alice).exists() and mail.outbox == []
    assert not run(erasure)  # it is not due yet

    assert erasures.run(erasure.pk, client=our_client(), now=later(erasure))
    remaining = pluggy.control("GET", "/state")["items"]
    assert str(item.id) not in str(remaining) and unclaimed not in str(remaining)
    assert foreign in str(remaining)
    assert not User.objects.filter(email="alice@example.com").exists()


def test_an_item_that_still_answers_after_its_deletion_is_not_taken_for_gone(
    alice: User, pluggy: LocalPluggy
) -> None:
    item = claimed(alice, pluggy)
    pluggy.fault("status", f"/items/{item.id}", method="DELETE", status=204)  # answered, but not done
    erasure = request(alice)
    assert not run(erasure)
    assert Item.objects.of(alice).exists()


def test_nothing_is_deleted_while_pluggy_calls_many_connections_gone(alice: User, texts: list[str]) -> None:
    """The credentials may be another application's, and the connection may exist for the right ones."""
    Alert.objects.open(Alert.Code.GONE, "5 connections", now=timezone.now())
    erasure = request(alice)
    assert not run(erasure)
    assert Item.objects.of(alice).exists()
    Alert.objects.close(Alert.Code.GONE, now=timezone.now())
    assert erasures.run(erasure.pk, client=our_client(), now=later(erasure))


# --- Interruptions -------------------------------------------------------------------------------------
@pytest.mark.parametrize("index", range(len(erasures.STEPS)))
@pytest.mark.parametrize("is_before", [True, False])
def test_killed_before_or_after_any_step_it_continues(
    index: int, is_before: bool, alice: User, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = erasures.STEPS
    killing: tuple[Any, ...] = (lambda *_: kill(),)
    at = index if is_before else index + 1
    erasure = request(alice)
    with monkeypatch.context() as patched:
        patched.setattr(erasures, "STEPS", (*steps[:at], *killing, *steps[at:]))
        with pytest.raises(Killed):
            run(erasure)
    erasure.refresh_from_db()
    if erasure.state != State.DONE:
        assert not run(erasure)  # not before the killed run would have ended
        assert run(erasure, after=erasures.LOST_AFTER)
    assert tables_with_traces(alice.pk, texts) == {}
    assert len(mail.outbox) == 1
    assert Erasure.objects.get().state == State.DONE


def test_killed_in_the_middle_of_every_table_it_continues(
    alice: User, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One batch is committed in each run, and the next one is rolled back."""
    delete, calls = OwnedTable.delete, []

    def kills_at_second(table: OwnedTable, user_id: int, limit: int) -> int:
        count = delete(table, user_id, 1)
        calls.append(count)
        if sum(calls) > 1:
            kill()
        return count

    erasure = request(alice)
    runs = 0
    with monkeypatch.context() as patched:
        patched.setattr(OwnedTable, "delete", kills_at_second)
        while Erasure.objects.filter(user=alice).exists():
            calls.clear()
            runs += 1
            with suppress(Killed):
                run(erasure, after=timedelta(hours=runs))
    assert runs > 20
    assert tables_with_traces(alice.pk, texts) == {}
    erasure.refresh_from_db()
    assert erasure.counts["ledger_transaction"] == 2  # each row is counted once


def test_without_redis_the_sweep_and_the_dispatch_command_do_it(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_queue, "enqueue", lambda *_: False)
    client = signed_in(alice)
    assert client.post(reverse("delete_account"), {"when": "now", "is_meant": "on"}).status_code == 200
    assert User.objects.filter(pk=alice.pk, is_active=False).exists()
    tasks.run_erasures()
    assert not User.objects.filter(pk=alice.pk).exists()
    request(bob)
    call_command("dispatch", "--once")
    assert not User.objects.filter(pk=bob.pk).exists()
    assert len(mail.outbox) == 2


def test_one_failure_stops_no_other_erasure(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = request(alice), request(bob)
    original = erasures.STEPS[0]

    def fails_for_alice(attempt: erasures.Attempt) -> None:
        if attempt.erasure.pk == first.pk:
            raise RuntimeError("a bug")
        original(attempt)

    monkeypatch.setattr(erasures, "STEPS", (fails_for_alice, *erasures.STEPS[1:]))
    tasks.run_erasures()
    assert list(User.objects.filter(erasure__isnull=False)) == [alice]
    second.refresh_from_db()
    assert second.state == State.DONE


def test_a_mail_server_that_fails_delays_the_receipt_only(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise ConnectionRefusedError

    erasure = request(alice)
    with monkeypatch.context() as patched:
        patched.setattr("banking.personal_data.receipt.send", refuse)
        with pytest.raises(ConnectionRefusedError):
            run(erasure)
        erasure.refresh_from_db()
        assert (erasure.state, erasure.email) == (State.ERASED, "alice@example.com")
        assert not User.objects.exists()
    assert erasures.run(erasure.pk, client=our_client(), now=later(erasure))
    erasure.refresh_from_db()
    assert (erasure.state, erasure.email, len(mail.outbox)) == (State.DONE, "", 1)


def test_an_address_that_takes_no_mail_is_forgotten_after_a_week(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("banking.personal_data.receipt.send", refuse)
    erasure = request(alice)
    with pytest.raises(ConnectionRefusedError):
        run(erasure)
    assert run(erasure, after=timedelta(days=8))
    erasure.refresh_from_db()
    assert (erasure.state, erasure.email, erasure.receipt_sent_at) == (State.DONE, "", None)


def test_what_is_written_meanwhile_is_erased_by_the_next_attempt(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def writes(attempt: erasures.Attempt) -> None:
        SecurityEvent.objects.create(user_id=attempt.erasure.user_id, code=SecurityEvent.Code.SIGNED_OUT)

    erasure = request(alice)
    with monkeypatch.context() as patched:
        patched.setattr(erasures, "STEPS", (*erasures.STEPS[:4], writes, *erasures.STEPS[4:]))
        with pytest.raises(erasures.NotErased):
            run(erasure)
    assert erasures.run(erasure.pk, client=our_client(), now=later(erasure))
    assert not SecurityEvent.objects.exists()


# --- Afterwards ----------------------------------------------------------------------------------------
def test_late_events_bring_nothing_back_and_are_deleted(alice: User, pluggy: LocalPluggy) -> None:
    item, reference = claimed(alice, pluggy), alice.reference
    assert run(request(alice))
    deliver(event("item/deleted", item=item, clientUserId=reference))
    deliver(event("item/updated", item=item))
    deliver(event("item/created", item=uuid.uuid4(), clientUserId=reference))
    deliver(event("item/updated", item=uuid.uuid4(), clientUserId="somebody-else"))
    call_command("dispatch", "--once")
    assert not Item.objects.exists()
    assert details(timezone.now()) == []  # the task has time to delete them
    assert details(timezone.now() + timedelta(hours=1)) == ["3 events"]
    tasks.delete_late_events()
    assert details(timezone.now() + timedelta(hours=1)) == []
    assert [late.client_user_id for late in Event.objects.all()] == ["somebody-else"]
    assert str(item.id) not in str(Erasure.objects.values())

    erasures.delete_late_events(now=timezone.now() + timedelta(days=9))
    assert Erasure.objects.get().event_keys == []


def details(now: datetime) -> list[str]:
    return [violation.detail for violation in personal_data.violations(now)]


def test_verify_finds_an_erasure_that_nobody_carries_out_and_rows_that_belong_to_nobody(alice: User) -> None:
    erasure = request(alice, timedelta(days=7))
    assert details(erasure.try_at + timedelta(minutes=5)) == []
    assert str(erasure.pk) in details(erasure.try_at + timedelta(hours=1))[0]
    SecurityEvent.objects.create(user_id=alice.pk + 99, code=SecurityEvent.Code.SIGNED_OUT)
    assert details(timezone.now()) == ["1 rows of accounts_securityevent"]


# --- The user's page -----------------------------------------------------------------------------------
def test_seven_days_to_change_ones_mind(alice: User, as_alice: Client, enqueued: list[Any]) -> None:
    as_alice.cookies["django_language"] = "en"
    as_alice.post(reverse("delete_account"), {"when": "later", "is_meant": "on"})
    erasure = Erasure.objects.get()
    assert (erasure.state, enqueued) == (State.SCHEDULED, [])
    assert timedelta(days=6, hours=23) < erasure.try_at - timezone.now() <= timedelta(days=7)
    tasks.run_erasures()
    assert (
        "Your account is going to be deleted"
        in signed_in(alice).get("/preferences/", headers={"accept-language": "en"}).content.decode()
    )

    as_alice.post(reverse("keep_account"))
    assert not Erasure.objects.exists()
    assert not run(erasure, after=timedelta(days=8))
    alice.refresh_from_db()
    assert (alice.is_active, alice.erasure_due_at) == (True, None)
    codes = [event.code for event in SecurityEvent.objects.of(alice).order_by("at")]
    assert codes[-2:] == [SecurityEvent.Code.ERASURE_REQUESTED, SecurityEvent.Code.ERASURE_CANCELLED]


def test_after_seven_days_it_begins_and_cannot_be_cancelled(alice: User) -> None:
    erasure = request(alice, timedelta(days=7))
    assert not run(erasure, after=timedelta(days=6))
    Alert.objects.open(Alert.Code.CREDENTIALS, "", now=timezone.now())
    assert run(erasure, after=timedelta(days=7, minutes=1))
    assert not erasures.cancel(alice)
    assert not User.objects.filter(pk=alice.pk).exists()


def test_now_ends_all_sessions_at_once(alice: User, as_alice: Client, enqueued: list[Any]) -> None:
    other = signed_in(alice)
    response = as_alice.post(reverse("delete_account"), {"when": "now", "is_meant": "on"})
    assert "alice@example.com" in response.content.decode()
    assert enqueued == [("banking.erase", str(Erasure.objects.get().pk))]
    for client in (as_alice, other):
        assert client.get(reverse("overview")).status_code == 302
    sign_in = {"login": "alice@example.com", "password": "a-long-enough-password"}
    Client().post(reverse("account_login"), sign_in)
    assert Client().get(reverse("overview")).status_code == 302


def test_it_needs_a_recent_sign_in_and_a_deliberate_answer(alice: User, as_alice: Client) -> None:
    old = Client()
    old.force_login(alice)
    response = old.post(reverse("delete_account"), {"when": "now", "is_meant": "on"})
    assert response.status_code == 302 and "reauthenticate" in response["Location"]
    for body in ({"when": "now"}, {"is_meant": "on"}, {"when": "never", "is_meant": "on"}):
        assert as_alice.post(reverse("delete_account"), body).status_code == 400
    assert not Erasure.objects.exists()


# --- Administrators ------------------------------------------------------------------------------------
def test_an_administrator_starts_it_with_a_reason(alice: User, enqueued: list[Any]) -> None:
    url = reverse("admin:accounts_erase_user", args=[alice.pk])
    helper = sign_in_staff("helper@example.com", "view_user")
    assert helper.post(url, {"when": "now", "is_meant": "on", "reason": "x"}).status_code == 403
    operator = sign_in_staff("operator@example.com", "view_user", "change_user", "delete_user")
    assert url in page(operator, reverse("admin:accounts_user_change", args=[alice.pk]))
    assert operator.post(url, {"when": "now", "is_meant": "on"}).status_code == 400
    operator.post(url, {"when": "now", "is_meant": "on", "reason": "asked by letter"})
    erasure = Erasure.objects.get()
    assert erasure.requested_by == User.objects.get(email="operator@example.com")
    assert (erasure.reason, erasure.state, len(enqueued)) == ("asked by letter", State.RUNNING, 1)
    assert run(erasure)
    erasure.refresh_from_db()
    assert (erasure.user, erasure.reason) == (None, "")


def test_only_a_superuser_erases_a_superuser_and_nobody_deletes_one_directly(alice: User) -> None:
    root = User.objects.create_superuser("boss@example.com")
    operator = sign_in_staff("operator@example.com", "view_user", "change_user", "delete_user")
    url = reverse("admin:accounts_erase_user", args=[root.pk])
    assert operator.get(url).status_code == 403
    superuser = sign_in_superuser()
    assert superuser.get(url).status_code == 200
    assert superuser.post(reverse("admin:accounts_user_delete", args=[alice.pk])).status_code == 403
