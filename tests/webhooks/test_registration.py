"""Our webhook at Pluggy: registration, repair and monitoring; rotation of its secret without a lost delivery."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Alert, Item, SyncState
from banking.web import tasks as banking_tasks
from pfm import task_queue
from pfm.environment import Environment
from tests.factories import create_item
from tests.local_pluggy import LocalPluggy
from tests.payloads import event
from webhooks import checks, delivery_counts, monitoring, tasks
from webhooks.models import DeliveryCount, Event
from webhooks.secrets import SECRET_HEADER

pytestmark = pytest.mark.django_db
URL = "/webhooks/pluggy"
OLD, NEW = "old-secret-0123456789-0123456789-0123", "new-secret-9876543210-9876543210-9876"


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_queue, "enqueue", lambda *_: False)
    monkeypatch.setattr(delivery_counts, "_tally", delivery_counts._Tally())


def webhooks_of(pluggy: LocalPluggy) -> list[dict[str, Any]]:
    return list(pluggy.api("GET", "/webhooks")["results"])


def change(pluggy: LocalPluggy, **changes: Any) -> None:
    pluggy.api("PATCH", f"/webhooks/{webhooks_of(pluggy)[0]['id']}", json=changes)


def deliver(secret: str | None, **changes: Any) -> int:
    headers = {} if secret is None else {SECRET_HEADER: secret}
    text = json.dumps(event(**changes))
    return Client().post(URL, text, content_type="application/json", headers=headers).status_code


def active_alerts() -> set[str]:
    return set(Alert.objects.active().values_list("code", flat=True))


# --- The command ---------------------------------------------------------------------------------------
def test_register_webhook_creates_one_webhook(
    pluggy: LocalPluggy, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("register_webhook")
    call_command("register_webhook")
    (webhook,) = webhooks_of(pluggy)
    assert webhook["url"] == settings.PUBLIC_URL + URL
    assert webhook["headers"] == {SECRET_HEADER: settings.PLUGGY_WEBHOOK_SECRET}
    output = capsys.readouterr().out
    assert "created" in output and "already registered" in output


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"enabled": False}, "disabled"),
        ({"headers": {SECRET_HEADER: "another"}}, "without our secret"),
        ({"headers": {"Other": "1"}}, "without our secret"),
        ({"url": "http://localhost:8999/webhooks/pluggy"}, "another URL"),
    ],
)
def test_problems_are_reported_and_repaired(
    pluggy: LocalPluggy, changes: dict[str, Any], problem: str
) -> None:
    call_command("register_webhook", verbosity=0)
    before = webhooks_of(pluggy)[0]
    change(pluggy, **changes)
    with pytest.raises(CommandError, match=problem):
        call_command("register_webhook", "--check")
    call_command("register_webhook")
    (webhook,) = webhooks_of(pluggy)
    assert (webhook["url"], webhook["disabledAt"]) == (before["url"], None)
    assert before["headers"].items() <= webhook["headers"].items()
    call_command("register_webhook", "--check")


def test_the_webhook_of_another_installation_is_not_changed(pluggy: LocalPluggy) -> None:
    theirs = {"url": "http://localhost:8999/webhooks/pluggy", "event": "all", "headers": {"X": "theirs"}}
    pluggy.api("POST", "/webhooks", json=theirs)
    with pytest.raises(CommandError, match="not registered"):
        call_command("register_webhook", "--check")
    call_command("register_webhook")
    assert len(webhooks_of(pluggy)) == 2
    urls = [webhook["url"] for webhook in webhooks_of(pluggy) if webhook["headers"] == {"X": "theirs"}]
    assert urls == [theirs["url"]]


# --- The secret ----------------------------------------------------------------------------------------
def test_both_secrets_are_accepted_during_a_rotation(
    pluggy: LocalPluggy, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A-4: deliveries with the old secret are counted, so that operators know when to remove it."""
    settings.PLUGGY_WEBHOOK_SECRET = OLD
    call_command("register_webhook", verbosity=0)
    settings.PLUGGY_WEBHOOK_SECRET, settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS = NEW, OLD
    assert [deliver(OLD), deliver(NEW), deliver(OLD + "x"), deliver("")] == [202, 202, 401, 401]
    call_command("register_webhook")
    assert webhooks_of(pluggy)[0]["headers"] == {SECRET_HEADER: NEW}
    assert DeliveryCount.objects.get().with_previous_secret == 1
    call_command("register_webhook", "--check")
    assert "last used at" in capsys.readouterr().out
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS = ""
    assert [deliver(OLD), deliver(NEW), deliver("")] == [401, 202, 401]


def test_the_previous_secret_expires(settings: Any) -> None:
    """A-4: a previous secret that is not removed stops working at its end."""
    settings.PLUGGY_WEBHOOK_SECRET, settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS = NEW, OLD
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS_UNTIL = timezone.now() + timedelta(minutes=5)
    assert [deliver(OLD), deliver(NEW)] == [202, 202]
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS_UNTIL = timezone.now()
    assert [deliver(OLD), deliver(NEW)] == [401, 202]
    assert DeliveryCount.objects.get().refused == 1


@pytest.mark.parametrize("value", ["2026-11-22T18:00:00", "tomorrow", "2026-13-01T00:00:00Z"])
def test_an_invalid_expiry_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Otherwise the secret would never expire, or at another hour than was meant."""
    monkeypatch.setenv("AN_END", value)
    env = Environment(Path("no .env"))
    assert env.instant("AN_END") is None
    with pytest.raises(ImproperlyConfigured, match="AN_END"):
        env.check()
    monkeypatch.setenv("AN_END", "2026-11-22T18:00:00-03:00")
    assert str(env.instant("AN_END")) == "2026-11-22 18:00:00-03:00"


@pytest.mark.parametrize(
    ("secret", "reason"),
    [("short-0123456789", "shorter"), ("ab" * 30, "different characters"), ("same", "another secret")],
)
def test_a_weak_secret_is_a_system_check_error(settings: Any, secret: str, reason: str) -> None:
    """A-3: except in development."""
    settings.PLUGGY_WEBHOOK_SECRET = settings.SECRET_KEY if secret == "same" else secret
    settings.DEBUG = False
    (message,) = checks.webhook_secrets()
    assert message.id == "webhooks.E001" and reason in message.msg
    settings.DEBUG = True
    assert checks.webhook_secrets() == []


def test_a_strong_secret_passes_the_system_check(settings: Any) -> None:
    settings.DEBUG, settings.PLUGGY_WEBHOOK_SECRET = False, NEW
    assert checks.webhook_secrets() == []
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS = OLD
    assert [message.id for message in checks.webhook_secrets()] == ["webhooks.W002"]  # it never expires
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS_UNTIL = timezone.now()
    assert checks.webhook_secrets() == []
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS = NEW
    assert [message.id for message in checks.webhook_secrets()] == ["webhooks.W001"]


# --- The hourly check ----------------------------------------------------------------------------------
def test_a_disabled_webhook_is_enabled_again_with_an_alert(pluggy: LocalPluggy) -> None:
    """F-13."""
    call_command("register_webhook", verbosity=0)
    change(pluggy, enabled=False)
    tasks.check_registration()
    assert webhooks_of(pluggy)[0]["disabledAt"] is None
    alert = Alert.objects.get()
    assert (alert.code, "enabled again" in alert.detail, alert.closed_at) == (
        "webhook registration",
        True,
        None,
    )
    tasks.check_registration()
    assert active_alerts() == set()


def test_a_removed_webhook_opens_an_alert(pluggy: LocalPluggy) -> None:
    """F-13: an operator may have removed it on purpose, so it is not registered again automatically."""
    tasks.check_registration()
    tasks.check_registration()
    alert = Alert.objects.get()
    assert "not registered" in alert.detail and alert.last_seen_at > alert.opened_at
    assert webhooks_of(pluggy) == []
    call_command("register_webhook", verbosity=0)
    tasks.check_registration()
    assert active_alerts() == set()


def test_an_unreachable_pluggy_opens_no_alert(pluggy: LocalPluggy) -> None:
    pluggy.fault("status", "/webhooks", status=503)
    tasks.check_registration()
    assert active_alerts() == set()


def test_the_registration_of_a_local_address_is_not_checked(pluggy: LocalPluggy, settings: Any) -> None:
    settings.IS_HTTPS, settings.PLUGGY_API_URL = False, "https://api.pluggy.test"
    tasks.check_registration()
    assert active_alerts() == set()


# --- Monitoring of deliveries ---------------------------------------------------------------------------
def test_refused_deliveries_open_an_alert(pluggy: LocalPluggy) -> None:
    """F-46: after a deploy with another secret; the alert closes when none is refused any more."""
    assert [deliver("another-secret") for _ in range(3)] == [401] * 3
    monitoring.check_deliveries(now=timezone.now())
    assert active_alerts() == {"deliveries refused"}
    assert not Event.objects.exists()
    monitoring.check_deliveries(now=timezone.now() + timedelta(minutes=30))
    assert active_alerts() == set()


def test_requests_that_are_no_deliveries_are_not_counted(pluggy: LocalPluggy) -> None:
    """A-1: without the header, and for requests that do not look like deliveries."""
    assert [deliver(None) for _ in range(5)] == [401] * 5
    headers = {SECRET_HEADER: "x"}
    for content_type, body in (("text/plain", "x"), ("application/json", "")):
        assert Client().post(URL, body, content_type=content_type, headers=headers).status_code == 401
    assert not DeliveryCount.objects.exists()


def test_many_wrong_secrets_need_few_writes(django_assert_max_num_queries: Any) -> None:
    now = timezone.now()
    with django_assert_max_num_queries(delivery_counts.IMMEDIATE_WRITES + 5):
        for _ in range(2000):
            delivery_counts.add(now=now, refused=1)
    assert 0 < DeliveryCount.objects.get().refused <= 2000


def test_counts_of_several_processes_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    for _ in range(2):
        monkeypatch.setattr(delivery_counts, "_tally", delivery_counts._Tally())
        delivery_counts.add(now=now, refused=1)
    assert DeliveryCount.objects.get().refused == 2
    delivery_counts.delete_old(now=now + timedelta(days=31))
    assert not DeliveryCount.objects.exists()


def test_no_deliveries_after_an_expected_auto_sync_open_an_alert(alice: User) -> None:
    """F-13, F-46: no delivery of any item came since one should have been collected."""
    now = timezone.now()
    item = create_item(alice, next_auto_sync_at=now - timedelta(hours=4), read_at=now - timedelta(hours=20))
    monitoring.check_deliveries(now=now)
    assert active_alerts() == {"no deliveries"}
    Item.objects.update(next_auto_sync_at=now + timedelta(hours=20), read_at=now)
    monitoring.check_deliveries(now=now)
    assert active_alerts() == {"no deliveries"}  # a sync without a delivery does not close it
    assert deliver(settings.PLUGGY_WEBHOOK_SECRET, item=item) == 202
    monitoring.check_deliveries(now=timezone.now())
    assert active_alerts() == set()


@pytest.mark.parametrize(
    "columns",
    [
        {"next_auto_sync_at": None},
        {"next_auto_sync_at": timezone.now() + timedelta(hours=1)},
        {"status": Item.Status.LOGIN_ERROR},
        {"gone_at": timezone.now()},
    ],
)
def test_no_deliveries_open_no_alert_if_none_is_expected(alice: User, columns: dict[str, Any]) -> None:
    now = timezone.now()
    overdue = {"next_auto_sync_at": now - timedelta(hours=4), "read_at": now - timedelta(hours=20)}
    create_item(alice, **(overdue | columns))
    monitoring.check_deliveries(now=now)
    assert active_alerts() == set()


def test_refused_credentials_open_one_alert_until_a_sync_succeeds(alice: User, pluggy: LocalPluggy) -> None:
    """F-33, F-34."""
    for _ in range(2):
        item = create_item(alice)
        SyncState.objects.filter(item=item).update(dirty_seq=1)
        pluggy.fault("status", f"/items/{item.id}", status=401, body='{"code":401}', times=2)
        banking_tasks.sync(str(item.id))
    assert Alert.objects.get().code == "credentials refused"
    monitoring.check_deliveries(now=timezone.now())
    assert active_alerts() == {"credentials refused"}
    assert set(Item.objects.values_list("status", flat=True)) == {"UPDATED"}
    SyncState.objects.update(due_at=timezone.now())
    banking_tasks.sync(str(item.id))
    monitoring.check_deliveries(now=timezone.now())
    assert active_alerts() == set()


def test_verify_prints_active_alerts(capsys: pytest.CaptureFixture[str]) -> None:
    Alert.objects.open(Alert.Code.REGISTRATION, "gone", now=timezone.now())
    call_command("verify")
    output = capsys.readouterr().out
    assert "webhook registration: gone" in output and "no violations" in output


def test_an_operator_can_only_acknowledge_an_alert(admin_client: Client) -> None:
    Alert.objects.open(Alert.Code.REGISTRATION, "gone", now=timezone.now())
    alert = Alert.objects.get()
    url = "/admin/connections/alert/"
    assert admin_client.get(url).status_code == 200
    admin_client.post(url, {"action": "acknowledge", "_selected_action": [alert.pk]})
    alert.refresh_from_db()
    assert alert.acknowledged_at is not None and alert.closed_at is None
    assert admin_client.post(f"{url}{alert.pk}/change/", {"detail": "x"}).status_code == 403
    assert admin_client.get(f"{url}add/").status_code == 403


def test_an_alert_cannot_be_open_twice() -> None:
    now = timezone.now()
    Alert.objects.bulk_create([Alert(code="x", detail="", opened_at=now, last_seen_at=now)])
    Alert.objects.bulk_create(
        [Alert(code="x", detail="", opened_at=now, last_seen_at=now)], ignore_conflicts=True
    )
    assert Alert.objects.count() == 1
