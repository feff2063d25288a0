"""Pluggy refuses our client id or secret: operators know at once, `check` tells, and users read the truth."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Alert, Item, SyncRun
from banking.connections.models.alerts import AlertQuerySet
from banking.web import api_client
from banking.web.views.connections import BANKS_KEY
from tests.factories import create_item
from tests.local_pluggy import LocalPluggy
from webhooks import tasks

pytestmark = pytest.mark.django_db
OUR_FAULT = "problema do nosso lado"
UNREACHABLE = "Não conseguimos falar com a Pluggy"


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("pfm.task_queue.enqueue", lambda *_: False)
    cache.delete(BANKS_KEY)
    yield
    api_client.pluggy.cache_clear()


@pytest.fixture(params=["secret", "id", "malformed id"])
def wrong_keys(request: Any, pluggy: LocalPluggy, settings: Any) -> None:
    if request.param == "secret":
        settings.PLUGGY_CLIENT_SECRET = "pluggy_sk_of_another_application"
    else:
        settings.PLUGGY_CLIENT_ID = "00000000-0000-4000-8000-000000000000"
    if request.param == "malformed id":
        body = {"code": 400, "message": "clientId must be a UUID"}
        pluggy.fault("status", "^/auth", method="POST", status=400, body=body, times=None)
    api_client.pluggy.cache_clear()


def active() -> list[str]:
    return list(Alert.objects.active().values_list("code", flat=True))


def post(client: Client, name: str, body: Any = None) -> Any:
    return client.post(reverse(name), json.dumps(body or {}), content_type="application/json")


# --- The operator --------------------------------------------------------------------------------------
@pytest.mark.usefixtures("wrong_keys")
def test_a_page_that_is_refused_opens_the_alert_at_once(as_alice: Client) -> None:
    assert post(as_alice, "connect_token").status_code == 503
    assert active() == [Alert.Code.CREDENTIALS]
    assert not SyncRun.objects.exists()


@pytest.mark.usefixtures("wrong_keys")
def test_the_periodic_check_opens_the_alert_without_any_connection() -> None:
    tasks.check_credentials()
    tasks.check_credentials()
    alert = Alert.objects.get()
    assert (alert.code, "refused" in alert.detail) == (Alert.Code.CREDENTIALS, True)


def test_a_secret_that_was_changed_at_pluggy_is_noticed_before_the_old_key_expires(
    pluggy: LocalPluggy, settings: Any
) -> None:
    client = api_client.pluggy()
    client.check_credentials()
    client._credentials["clientSecret"] = "an old one"
    tasks.check_credentials()
    assert active() == [Alert.Code.CREDENTIALS]


def test_the_alert_closes_when_pluggy_accepts_the_keys_again(pluggy: LocalPluggy) -> None:
    Alert.objects.open(Alert.Code.CREDENTIALS, "refused", now=timezone.now())
    pluggy.fault("status", "^/auth", method="POST", status=503)
    tasks.check_credentials()
    assert active() == [Alert.Code.CREDENTIALS]  # nothing is known
    tasks.check_credentials()
    assert active() == []


@pytest.mark.parametrize("status", [500, 503, 429])
def test_an_unreachable_pluggy_opens_no_alert(pluggy: LocalPluggy, status: int) -> None:
    pluggy.fault("status", "", method="POST", status=status, body={"code": status}, times=None)
    tasks.check_credentials()
    assert active() == []


@pytest.mark.usefixtures("wrong_keys")
def test_a_database_that_fails_does_not_hide_the_refusal(
    as_alice: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("the database is down")

    monkeypatch.setattr(AlertQuerySet, "open", fail)
    response = post(as_alice, "connect_token")
    assert (response.status_code, OUR_FAULT in response.json()["error"]) == (503, True)
    assert "credentials refused" in caplog.text


# --- The check command ---------------------------------------------------------------------------------
@pytest.mark.usefixtures("wrong_keys")
def test_check_fails_with_wrong_keys(settings: Any) -> None:
    with pytest.raises(CommandError, match="refuses our client id or secret") as failure:
        call_command("check", stdout=StringIO(), stderr=StringIO())
    assert settings.PLUGGY_CLIENT_SECRET not in str(failure.value)
    assert active() == [Alert.Code.CREDENTIALS]


def test_check_says_that_the_keys_are_right(pluggy: LocalPluggy) -> None:
    output = StringIO()
    call_command("check", stdout=output, stderr=StringIO())
    assert "Pluggy accepts our client id and secret" in output.getvalue()


def test_check_does_not_fail_if_pluggy_does_not_answer(pluggy: LocalPluggy) -> None:
    pluggy.fault("status", "^/auth", method="POST", status=503, times=None)
    output = StringIO()
    call_command("check", stdout=output, stderr=StringIO())
    assert "not tested" in output.getvalue()


@pytest.mark.usefixtures("wrong_keys")
@pytest.mark.parametrize("options", [{"offline": True}, {"tags": ["security"]}])
def test_other_checks_do_not_ask_pluggy(options: dict[str, Any]) -> None:
    call_command("check", stdout=StringIO(), stderr=StringIO(), **options)
    call_command("check", "webhooks", stdout=StringIO(), stderr=StringIO())
    assert active() == []


# --- The user ------------------------------------------------------------------------------------------
@pytest.fixture
def item(alice: User) -> Item:
    return create_item(alice)


def texts(client: Client, item: Item) -> dict[str, str]:
    """Return what the user reads after each request that asks Pluggy."""
    return {
        "connect": post(client, "connect_token").json()["error"],
        "claim": post(client, "claim", {"itemId": "0f3c1c1e-5d1f-4b57-9a0c-6a1f2a7b9c10"}).json()["error"],
        "refresh": client.post(reverse("refresh", args=[item.id]), follow=True).content.decode(),
        "banks": client.get(reverse("banks")).content.decode(),
    }


@pytest.mark.usefixtures("wrong_keys")
def test_users_read_that_the_problem_is_ours(as_alice: Client, item: Item) -> None:
    for place, text in texts(as_alice, item).items():
        assert OUR_FAULT in text, place
        assert UNREACHABLE not in text, place


def test_users_read_that_pluggy_cannot_be_reached_if_that_is_true(
    as_alice: Client, item: Item, pluggy: LocalPluggy
) -> None:
    pluggy.fault("status", "", status=503, method=None, times=None)
    for place, text in texts(as_alice, item).items():
        assert UNREACHABLE in text, place
        assert OUR_FAULT not in text, place
    assert active() == []
