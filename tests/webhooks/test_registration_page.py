"""The page of our webhook: its registration, the button that repairs it, and the deliveries."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from banking.connections.models import Alert
from banking.web import api_client
from tests.local_pluggy import LocalPluggy
from tests.payloads import event
from tests.staff import page, sign_in_staff
from webhooks import inbox, tasks
from webhooks.models import DeliveryCount
from webhooks.secrets import SECRET_HEADER

pytestmark = pytest.mark.django_db
PAGE, BUTTON = "admin:webhooks_registration", "admin:webhooks_register"
SECRET = "another-secret-0123456789-0123456789-01"


@pytest.fixture
def operator(db: None) -> Client:
    return sign_in_staff("operator@example.com", "view_event", "change_event")


def webhooks_of(pluggy: LocalPluggy) -> list[dict[str, Any]]:
    return list(pluggy.api("GET", "/webhooks")["results"])


def change(pluggy: LocalPluggy, **changes: Any) -> None:
    pluggy.api("PATCH", f"/webhooks/{webhooks_of(pluggy)[0]['id']}", json=changes)


def press(client: Client) -> str:
    response = client.post(reverse(BUTTON), follow=True)
    assert response.status_code == 200
    return response.content.decode()


Change = Callable[[LocalPluggy], None]
PROBLEMS: list[tuple[Change, str]] = [
    (
        lambda pluggy: pluggy.api("DELETE", f"/webhooks/{webhooks_of(pluggy)[0]['id']}"),
        "It is not registered.",
    ),
    (lambda pluggy: change(pluggy, enabled=False), "Pluggy disabled it"),
    (lambda pluggy: change(pluggy, headers={SECRET_HEADER: SECRET}), "without our secret"),
    (lambda pluggy: change(pluggy, url="http://localhost:8999/webhooks/pluggy"), "another address"),
    (lambda pluggy: change(pluggy, event="item/updated"), "some of the events only"),
]


def test_a_correct_registration_is_said_and_nothing_changes(pluggy: LocalPluggy, operator: Client) -> None:
    call_command("register_webhook", verbosity=0)
    before = webhooks_of(pluggy)
    assert "registered correctly" in page(operator, reverse(PAGE))
    assert "The webhook is registered" in press(operator)
    assert webhooks_of(pluggy) == before


@pytest.mark.parametrize(("make", "text"), PROBLEMS, ids=["missing", "disabled", "secret", "url", "events"])
def test_a_problem_is_said_and_the_button_repairs_it(
    pluggy: LocalPluggy, operator: Client, make: Change, text: str
) -> None:
    call_command("register_webhook", verbosity=0)
    make(pluggy)
    before = webhooks_of(pluggy)
    html = page(operator, reverse(PAGE))
    assert text in html and "registered correctly" not in html
    assert webhooks_of(pluggy) == before  # the page only looks
    assert "registered correctly" in press(operator)
    (webhook,) = webhooks_of(pluggy)
    assert (webhook["url"], webhook["disabledAt"]) == (settings.PUBLIC_URL + "/webhooks/pluggy", None)
    assert webhook["headers"][SECRET_HEADER] == settings.PLUGGY_WEBHOOK_SECRET


def test_the_button_closes_the_alert(pluggy: LocalPluggy, operator: Client) -> None:
    tasks.check_registration()
    assert "An alert is open since" in page(operator, reverse(PAGE))
    assert "An alert is open since" not in press(operator)
    assert Alert.objects.get().closed_at is not None


def test_the_button_is_logged_also_if_it_fails(pluggy: LocalPluggy, operator: Client) -> None:
    press(operator)
    pluggy.fault("status", "/webhooks", status=503, times=None)
    html = press(operator)
    assert "Pluggy did not answer" in html and "The webhook is registered" not in html
    entries = LogEntry.objects.order_by("pk")
    assert [entry.change_message for entry in entries] == [
        "registration: created",
        "registration: failed: Unavailable",
    ]
    assert all(entry.user.email == "operator@example.com" for entry in entries)
    index = page(operator, reverse("admin:index"))
    assert f"webhook {settings.PUBLIC_URL}/webhooks/pluggy" in index


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (503, "no", "Pluggy did not answer"),
        (401, '{"code":401}', "refuses our client id or secret"),
        (400, '{"code":400,"codeDescription":"WEBHOOK_INVALID","message":"%(secret)s"}', "WEBHOOK_INVALID"),
        (200, "<html>", "Pluggy did not answer"),
    ],
)
def test_an_answer_that_is_none_is_said(
    pluggy: LocalPluggy, operator: Client, status: int, body: str, text: str
) -> None:
    """A message of Pluggy may repeat what was sent, so it is not shown."""
    secret = settings.PLUGGY_WEBHOOK_SECRET
    pluggy.fault("status", "/webhooks", status=status, body=body.replace("%(secret)s", secret), times=None)
    html = page(operator, reverse(PAGE))
    assert text in html and "Register again" in html
    assert secret not in html


def test_refused_keys_are_said(pluggy: LocalPluggy, operator: Client, settings: Any) -> None:
    settings.PLUGGY_CLIENT_SECRET = "pluggy_sk_wrong"
    api_client.pluggy.cache_clear()
    html = page(operator, reverse(PAGE))
    api_client.pluggy.cache_clear()
    assert "refuses our client id or secret" in html and "pluggy_sk_wrong" not in html


def test_no_secret_is_shown(pluggy: LocalPluggy, operator: Client, settings: Any) -> None:
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS = SECRET
    call_command("register_webhook", verbosity=0)
    change(pluggy, headers={SECRET_HEADER: SECRET, "Authorization": "Bearer 0123456789"})
    html = page(operator, reverse(PAGE))
    for secret in (settings.PLUGGY_WEBHOOK_SECRET, SECRET, settings.PLUGGY_CLIENT_SECRET, "Bearer"):
        assert secret not in html
    assert "Previous secret last used" in html and "never" in html


def test_deliveries_are_counted(pluggy: LocalPluggy, operator: Client) -> None:
    now = timezone.now()
    assert "never" in page(operator, reverse(PAGE))
    for _ in range(3):
        body = event("payment/created")
        inbox.receive(body, client_id=body["clientId"], now=now)
    DeliveryCount.objects.create(start=now - timedelta(hours=1), refused=4)
    DeliveryCount.objects.create(start=now - timedelta(hours=25), refused=9)
    html = page(operator, reverse(PAGE))
    assert "4 · with a secret that is not ours" in html
    assert '<th scope="row">Nothing to do</th><td class="number">3</td>' in html


def test_a_viewer_has_no_button(pluggy: LocalPluggy) -> None:
    viewer = sign_in_staff("viewer@example.com", "view_event")
    html = page(viewer, reverse(PAGE))
    assert "It is not registered" in html and "Register again" not in html
    assert viewer.post(reverse(BUTTON)).status_code == 403
    assert webhooks_of(pluggy) == [] and not LogEntry.objects.exists()


def test_others_see_neither_page_nor_link(pluggy: LocalPluggy, as_alice: Client) -> None:
    other = sign_in_staff("other@example.com", "view_item")
    assert other.get(reverse(PAGE)).status_code == 403
    assert other.post(reverse(BUTTON)).status_code == 403
    assert reverse(PAGE) not in page(other, reverse("admin:index"))
    for client in (as_alice, Client()):
        assert client.get(reverse(PAGE)).status_code == 302
        assert client.post(reverse(BUTTON)).status_code == 302
    assert webhooks_of(pluggy) == []


def test_the_button_is_no_link(pluggy: LocalPluggy, operator: Client) -> None:
    assert operator.get(reverse(BUTTON)).status_code == 405
    assert reverse(PAGE) in page(operator, reverse("admin:index"))


def test_the_page_is_in_both_languages(pluggy: LocalPluggy, operator: Client) -> None:
    operator.cookies["django_language"] = "pt-br"
    html = page(operator, reverse(PAGE))
    assert "Registrar novamente" in html and "Não está registrado" in html and "Register" not in html
