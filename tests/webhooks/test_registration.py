"""Our webhook at Pluggy: made, put right, watched; and a secret that is replaced without a lost delivery."""

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
from banking import tasks as banking_tasks
from banking.models import Alarm, Item, SyncState
from pfm import bell
from pfm.environment import Environment
from tests.localpluggy import LocalPluggy
from tests.payloads import bound_item, event
from webhooks import checks, counts, tasks, watch
from webhooks.models import DeliveryCount, Event
from webhooks.secret import SECRET_HEADER

pytestmark = pytest.mark.django_db
OLD, NEW = "old-secret-0123456789-0123456789-0123", "new-secret-9876543210-9876543210-9876"


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bell, "ring", lambda *_: False)
    monkeypatch.setattr(counts, "_tally", counts._Tally())


def hooks(pluggy: LocalPluggy) -> list[dict[str, Any]]:
    return list(pluggy.api("GET", "/webhooks")["results"])


def change(pluggy: LocalPluggy, **what: Any) -> None:
    pluggy.api("PATCH", f"/webhooks/{hooks(pluggy)[0]['id']}", json=what)


def deliver(secret: str | None, **changes: Any) -> int:
    headers = {} if secret is None else {SECRET_HEADER: secret}
    text = json.dumps(event(**changes))
    return (
        Client().post("/webhooks/pluggy", text, content_type="application/json", headers=headers).status_code
    )


def alarms() -> set[str]:
    return set(Alarm.objects.open().values_list("code", flat=True))


# --- The command ---------------------------------------------------------------------------------------
def test_it_is_created_once(pluggy: LocalPluggy, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("register_webhook")
    call_command("register_webhook")
    (hook,) = hooks(pluggy)
    assert hook["url"] == settings.PUBLIC_URL + "/webhooks/pluggy"
    assert hook["headers"] == {SECRET_HEADER: settings.PLUGGY_WEBHOOK_SECRET}
    told = capsys.readouterr().out
    assert "created" in told and "already registered" in told


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"enabled": False}, "disabled"),
        ({"headers": {SECRET_HEADER: "another"}}, "without our secret"),
        ({"headers": {"Other": "1"}}, "without our secret"),
        ({"url": "http://localhost:8999/webhooks/pluggy"}, "another address"),
    ],
)
def test_what_is_wrong_is_told_and_repaired(pluggy: LocalPluggy, wrong: dict[str, Any], told: str) -> None:
    call_command("register_webhook", verbosity=0)
    right = hooks(pluggy)[0]
    change(pluggy, **wrong)
    with pytest.raises(CommandError, match=told):
        call_command("register_webhook", "--check")
    call_command("register_webhook")
    (hook,) = hooks(pluggy)
    assert (hook["url"], hook["disabledAt"]) == (right["url"], None)
    assert right["headers"].items() <= hook["headers"].items()
    call_command("register_webhook", "--check")


def test_another_installations_webhook_is_left_alone(pluggy: LocalPluggy) -> None:
    theirs = {"url": "http://localhost:8999/webhooks/pluggy", "event": "all", "headers": {"X": "theirs"}}
    pluggy.api("POST", "/webhooks", json=theirs)
    with pytest.raises(CommandError, match="not registered"):
        call_command("register_webhook", "--check")
    call_command("register_webhook")
    assert len(hooks(pluggy)) == 2
    assert [hook["url"] for hook in hooks(pluggy) if hook["headers"] == {"X": "theirs"}] == [theirs["url"]]


# --- The secret ----------------------------------------------------------------------------------------
def test_both_secrets_are_good_while_one_is_replaced(
    pluggy: LocalPluggy, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A-4: counted, so that one knows when to let go of the old one; then it is refused."""
    settings.PLUGGY_WEBHOOK_SECRET = OLD
    call_command("register_webhook", verbosity=0)
    settings.PLUGGY_WEBHOOK_SECRET, settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS = NEW, OLD
    assert [deliver(OLD), deliver(NEW), deliver(OLD + "x"), deliver("")] == [202, 202, 401, 401]
    call_command("register_webhook")
    assert hooks(pluggy)[0]["headers"] == {SECRET_HEADER: NEW}
    assert DeliveryCount.objects.get().with_previous_secret == 1
    call_command("register_webhook", "--check")
    assert "last used at" in capsys.readouterr().out
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS = ""
    assert [deliver(OLD), deliver(NEW), deliver("")] == [401, 202, 401]


def test_the_previous_secret_ends_by_itself(settings: Any) -> None:
    """A-4: whoever forgets to take it away leaves no second key behind."""
    settings.PLUGGY_WEBHOOK_SECRET, settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS = NEW, OLD
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS_UNTIL = timezone.now() + timedelta(minutes=5)
    assert [deliver(OLD), deliver(NEW)] == [202, 202]
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS_UNTIL = timezone.now()
    assert [deliver(OLD), deliver(NEW)] == [401, 202]
    assert DeliveryCount.objects.get().refused == 1


@pytest.mark.parametrize("told", ["2026-11-22T18:00:00", "tomorrow", "2026-13-01T00:00:00Z"])
def test_an_end_that_cannot_be_read_stops_the_start(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    """Never a secret that is good for ever, or another hour than was meant."""
    monkeypatch.setenv("AN_END", told)
    env = Environment(Path("no .env"))
    assert env.instant("AN_END") is None
    with pytest.raises(ImproperlyConfigured, match="AN_END"):
        env.check()
    monkeypatch.setenv("AN_END", "2026-11-22T18:00:00-03:00")
    assert str(env.instant("AN_END")) == "2026-11-22 18:00:00-03:00"


@pytest.mark.parametrize(
    ("secret", "why"),
    [("short-0123456789", "shorter"), ("ab" * 30, "different characters"), ("same", "another secret")],
)
def test_a_weak_secret_stops_a_release(settings: Any, secret: str, why: str) -> None:
    """A-3; in development it is nobody's business."""
    settings.PLUGGY_WEBHOOK_SECRET = settings.SECRET_KEY if secret == "same" else secret
    settings.DEBUG = False
    (found,) = checks.webhook_secrets(None)
    assert found.id == "webhooks.E001" and why in found.msg
    settings.DEBUG = True
    assert checks.webhook_secrets(None) == []


def test_a_good_secret_passes(settings: Any) -> None:
    settings.DEBUG, settings.PLUGGY_WEBHOOK_SECRET = False, NEW
    assert checks.webhook_secrets(None) == []
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS = OLD
    assert [one.id for one in checks.webhook_secrets(None)] == ["webhooks.W002"]  # for ever
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS_UNTIL = timezone.now()
    assert checks.webhook_secrets(None) == []
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS = NEW
    assert [one.id for one in checks.webhook_secrets(None)] == ["webhooks.W001"]


# --- The hourly look -----------------------------------------------------------------------------------
def test_a_disabled_webhook_is_armed_again_and_told_of(pluggy: LocalPluggy) -> None:
    """F-13."""
    call_command("register_webhook", verbosity=0)
    change(pluggy, enabled=False)
    tasks.check_registration()
    assert hooks(pluggy)[0]["disabledAt"] is None
    alarm = Alarm.objects.get()
    assert (alarm.code, "armed again" in alarm.detail, alarm.cleared_at) == (
        "webhook registration",
        True,
        None,
    )
    tasks.check_registration()
    assert alarms() == set()


def test_a_webhook_that_somebody_removed_or_changed_is_told_of(pluggy: LocalPluggy) -> None:
    """F-13: a person did that, so a person decides."""
    tasks.check_registration()
    tasks.check_registration()
    alarm = Alarm.objects.get()
    assert "not registered" in alarm.detail and alarm.last_seen_at > alarm.raised_at
    assert hooks(pluggy) == []
    call_command("register_webhook", verbosity=0)
    tasks.check_registration()
    assert alarms() == set()


def test_pluggy_out_of_reach_is_no_drift(pluggy: LocalPluggy) -> None:
    pluggy.fault("status", "/webhooks", status=503)
    tasks.check_registration()
    assert alarms() == set()


def test_a_machine_that_pluggy_cannot_reach_is_not_looked_for(pluggy: LocalPluggy, settings: Any) -> None:
    settings.IS_HTTPS, settings.PLUGGY_API_URL = False, "https://api.pluggy.test"
    tasks.check_registration()
    assert alarms() == set()


# --- What the deliveries say ---------------------------------------------------------------------------
def test_refused_deliveries_raise_an_alarm(pluggy: LocalPluggy) -> None:
    """F-46: after a deploy with another secret; over when none is refused any more."""
    assert [deliver("another-secret") for _ in range(3)] == [401] * 3
    watch.check_deliveries(now=timezone.now())
    assert alarms() == {"deliveries refused"}
    assert not Event.objects.exists()
    watch.check_deliveries(now=timezone.now() + timedelta(minutes=30))
    assert alarms() == set()


def test_noise_at_the_door_is_no_row(pluggy: LocalPluggy) -> None:
    """A-1: without the header nothing is written; nor for what no delivery looks like."""
    assert [deliver(None) for _ in range(5)] == [401] * 5
    wrong = {SECRET_HEADER: "x"}
    for kind, body in (("text/plain", "x"), ("application/json", "")):
        assert Client().post("/webhooks/pluggy", body, content_type=kind, headers=wrong).status_code == 401
    assert not DeliveryCount.objects.exists()


def test_a_flood_of_wrong_secrets_is_few_writes(django_assert_max_num_queries: Any) -> None:
    now = timezone.now()
    with django_assert_max_num_queries(counts.AT_ONCE + 5):
        for _ in range(2000):
            counts.add(now=now, refused=1)
    assert 0 < DeliveryCount.objects.get().refused <= 2000


def test_counts_of_several_processes_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    for _ in range(2):
        monkeypatch.setattr(counts, "_tally", counts._Tally())
        counts.add(now=now, refused=1)
    assert DeliveryCount.objects.get().refused == 2
    counts.forget_old(now=now + timedelta(days=31))
    assert not DeliveryCount.objects.exists()


def test_silence_after_an_expected_collection_raises_an_alarm(alice: User) -> None:
    """F-13, F-46: no delivery of any item since one should have been collected."""
    now = timezone.now()
    item = bound_item(alice, next_auto_sync_at=now - timedelta(hours=4), read_at=now - timedelta(hours=20))
    watch.check_deliveries(now=now)
    assert alarms() == {"no deliveries"}
    Item.objects.update(next_auto_sync_at=now + timedelta(hours=20), read_at=now)
    watch.check_deliveries(now=now)
    assert alarms() == {"no deliveries"}  # we looked ourselves; still nobody told us anything
    assert deliver(settings.PLUGGY_WEBHOOK_SECRET, item=item) == 202
    watch.check_deliveries(now=timezone.now())
    assert alarms() == set()


@pytest.mark.parametrize(
    "columns",
    [
        {"next_auto_sync_at": None},
        {"next_auto_sync_at": timezone.now() + timedelta(hours=1)},
        {"status": Item.Status.LOGIN_ERROR},
        {"gone_at": timezone.now()},
    ],
)
def test_where_nothing_is_expected_silence_is_well(alice: User, columns: dict[str, Any]) -> None:
    now = timezone.now()
    due = {"next_auto_sync_at": now - timedelta(hours=4), "read_at": now - timedelta(hours=20)}
    bound_item(alice, **(due | columns))
    watch.check_deliveries(now=now)
    assert alarms() == set()


def test_refused_credentials_are_one_alarm_and_end_with_a_good_run(alice: User, pluggy: LocalPluggy) -> None:
    """F-33, F-34."""
    for _ in range(2):
        item = bound_item(alice)
        SyncState.objects.filter(item=item).update(dirty_seq=1)
        pluggy.fault("status", f"/items/{item.id}", status=401, body='{"code":401}', times=2)
        banking_tasks.sync(str(item.id))
    assert Alarm.objects.get().code == "credentials refused"
    watch.check_deliveries(now=timezone.now())
    assert alarms() == {"credentials refused"}
    assert set(Item.objects.values_list("status", flat=True)) == {"UPDATED"}
    SyncState.objects.update(due_at=timezone.now())
    banking_tasks.sync(str(item.id))
    watch.check_deliveries(now=timezone.now())
    assert alarms() == set()


def test_verify_shows_alarms(capsys: pytest.CaptureFixture[str]) -> None:
    Alarm.objects.sound(Alarm.Code.REGISTRATION, "gone", now=timezone.now())
    call_command("verify")
    told = capsys.readouterr().out
    assert "webhook registration: gone" in told and "all is well" in told


def test_an_operator_acknowledges_and_changes_nothing_else(admin_client: Client) -> None:
    Alarm.objects.sound(Alarm.Code.REGISTRATION, "gone", now=timezone.now())
    alarm = Alarm.objects.get()
    url = "/admin/banking/alarm/"
    assert admin_client.get(url).status_code == 200
    admin_client.post(url, {"action": "acknowledge", "_selected_action": [alarm.pk]})
    alarm.refresh_from_db()
    assert alarm.acknowledged_at is not None and alarm.cleared_at is None
    assert admin_client.post(f"{url}{alarm.pk}/change/", {"detail": "x"}).status_code == 403
    assert admin_client.get(f"{url}add/").status_code == 403


def test_two_processes_raise_one_alarm() -> None:
    now = timezone.now()
    Alarm.objects.bulk_create([Alarm(code="x", detail="", raised_at=now, last_seen_at=now)])
    Alarm.objects.bulk_create(
        [Alarm(code="x", detail="", raised_at=now, last_seen_at=now)], ignore_conflicts=True
    )
    assert Alarm.objects.count() == 1
