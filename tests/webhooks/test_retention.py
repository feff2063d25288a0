"""Retention: each kind of data is deleted when its time is over, in batches, and nothing else is."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import security_log
from accounts.models import SecurityEvent, User
from banking.connections.models import SyncRun
from banking.ledger.models import DeletionReview
from pfm.celery import app
from tests.conftest import PASSWORD
from tests.factories import create_account, create_item
from tests.payloads import event
from webhooks import inbox, retention, tasks
from webhooks.management.commands import dispatch
from webhooks.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
Code = SecurityEvent.Code


def later(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


def add_event(user: User) -> Callable[[], Any]:
    item = create_item(user)
    body = event("transactions/created", item=item)
    inbox.receive(body, client_id=body["clientId"], now=timezone.now())
    return lambda: Event.objects.get().body != {}


def add_run(user: User) -> Callable[[], Any]:
    item = create_item(user)
    SyncRun.objects.create(
        user=user, item=item, fence=1, target_seq=1, started_at=timezone.now(), outcome="succeeded"
    )
    return SyncRun.objects.exists


def add_security_event(user: User) -> Callable[[], Any]:
    security_log.record(Code.SIGNED_IN, user=user)
    return SecurityEvent.objects.exists


def add_unconfirmed_user(_user: User) -> Callable[[], Any]:
    new = User.objects.create_user("new@example.com", PASSWORD)
    EmailAddress.objects.create(user=new, email=new.email, primary=True)
    security_log.record(Code.SIGNED_UP, user=new)
    exists = User.objects.filter(pk=new.pk).exists
    return lambda: exists() and SecurityEvent.objects.filter(user=new).exists()


def add_unconfirmed_address(user: User) -> Callable[[], Any]:
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    EmailAddress.objects.create(user=user, email="new@example.com")
    security_log.record(Code.EMAIL_CHANGED, user=user, facts={"step": "requested"})
    added = EmailAddress.objects.filter(email="new@example.com")
    return lambda: added.exists()


def add_session(user: User) -> Callable[[], Any]:
    Client().post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return lambda: Session.objects.exists() and UserSession.objects.exists()


def add_cache_entry(_user: User) -> Callable[[], Any]:
    cache.set("x", 1, timeout=3 * 24 * 3600)
    return lambda: _cache_entries() > 0


def _cache_entries() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cache_entries")
        return int(cursor.fetchone()[0])


KEPT_DAYS: list[tuple[Callable[[User], Callable[[], Any]], float]] = [
    (add_event, 30),
    (add_run, 180),
    (add_security_event, 730),
    (add_unconfirmed_user, 7),
    (add_unconfirmed_address, 7),
    (add_session, 14),
    (add_cache_entry, 3),
]


@pytest.mark.parametrize(("add", "days"), KEPT_DAYS, ids=[add.__name__ for add, _days in KEPT_DAYS])
def test_it_is_deleted_after_its_time_and_not_before(
    alice: User, add: Callable[[User], Callable[[], Any]], days: float
) -> None:
    exists = add(alice)
    retention.delete_old(now=later(days - 0.1))
    assert exists()
    retention.delete_old(now=later(days + 0.1))
    assert not exists()
    assert User.objects.filter(pk=alice.pk).exists()


@pytest.mark.parametrize(
    ("setting", "add"),
    [
        ("RETENTION_EVENT_BODIES_DAYS", add_event),
        ("RETENTION_SYNC_RUNS_DAYS", add_run),
        ("RETENTION_SECURITY_EVENTS_DAYS", add_security_event),
        ("RETENTION_UNCONFIRMED_DAYS", add_unconfirmed_user),
    ],
)
def test_the_days_are_settings(
    alice: User, settings: Any, setting: str, add: Callable[[User], Callable[[], Any]], project_root: Path
) -> None:
    exists = add(alice)
    setattr(settings, setting, 2)
    retention.delete_old(now=later(2.1))
    assert not exists()
    assert f"{setting}=" in (project_root / ".env.example").read_text()


def test_an_event_without_body_is_still_shown_and_processed_again(alice: User) -> None:
    add_event(alice)
    retention.delete_old(now=later(31))
    stored = Event.objects.get()
    inbox.process_again(stored, client_id="x", now=later(31))
    stored.refresh_from_db()
    assert (stored.name, stored.state) == ("transactions/created", Event.State.QUEUED)


def test_a_review_outlives_its_run(alice: User) -> None:
    add_run(alice)
    run, now = SyncRun.objects.get(), timezone.now()
    DeletionReview.objects.create(
        user=alice, item=run.item, account=create_account(run.item), run=run, transaction_ids=[],
        expected_count=1, opened_at=now, last_seen_at=now,
    )  # fmt: skip
    retention.delete_old(now=later(181))
    assert DeletionReview.objects.get().run is None


@pytest.mark.parametrize("change", ["confirmed", "signed in", "staff", "connected", "made by a command"])
def test_users_who_are_in_use_stay(db: None, change: str) -> None:
    new = User.objects.create_user("new@example.com", PASSWORD)
    address = EmailAddress.objects.create(user=new, email=new.email, primary=True)
    if change == "confirmed":
        EmailAddress.objects.update(verified=True)
    elif change == "made by a command":
        address.delete()
    elif change == "connected":
        create_item(new)
    else:
        User.objects.update(**{"is_staff": True} if change == "staff" else {"last_login": timezone.now()})
    retention.delete_old(now=later(1000))
    assert User.objects.filter(pk=new.pk).exists()


def test_it_is_deleted_in_batches_until_the_time_is_over(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 10)
    events = [SecurityEvent(user=alice, code=Code.SIGNED_IN) for _ in range(25)]
    SecurityEvent.objects.bulk_create(events)
    assert retention.delete_old(now=later(731), duration=0)["security events"] == 0
    assert SecurityEvent.objects.count() == 25
    assert retention.delete_old(now=later(731))["security events"] == 25
    assert not SecurityEvent.objects.exists()


def test_celery_and_the_dispatch_command_do_it(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduled = [entry["task"] for entry in app.conf.beat_schedule.values()]
    assert tasks.delete_old_data.name in scheduled
    SecurityEvent.objects.create(user=alice, code=Code.SIGNED_IN, at=later(-731))
    assert tasks.delete_old_data in dispatch.PERIODIC
    monkeypatch.setattr(dispatch, "PERIODIC", {tasks.delete_old_data: 0.0})
    call_command("dispatch", "--seconds", "0.2", "--every", "0.1")
    assert not SecurityEvent.objects.exists()
