"""No page, JSON, export or error shows a secret: client secret, API key, webhook secrets, connect token, SECRET_KEY."""

import base64
import html
import json
import uuid
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Alert, Item
from banking.ledger.models import Transaction
from banking.reports import connections
from banking.web import api_client
from tests.architecture.test_ownership import OWNED, PERSONAL
from tests.local_pluggy import LocalPluggy
from tests.payloads import event
from tests.sync_helpers import run_sync
from webhooks.secrets import SECRET_HEADER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pfm.task_queue.enqueue", lambda *_: False)


@pytest.fixture
def item(alice: User, pluggy: LocalPluggy) -> Item:
    """An item of alice that was read with an API key."""
    item_id = uuid.UUID(pluggy.connect(alice.reference))
    item = actions.claim(alice, item_id, client=api_client.pluggy(), now=timezone.now())
    run_sync(item)
    return item


@pytest.fixture
def secrets(settings: Any, item: Item, as_alice: Client) -> dict[str, str]:
    """All secrets by name; the connect token is alice's."""
    settings.PLUGGY_WEBHOOK_SIGNING_SECRET = "whsec_only-for-this-test-0123456789"
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS = "the-secret-before-this-one-0123456789"
    names = (
        "SECRET_KEY", "PLUGGY_CLIENT_SECRET", "PLUGGY_WEBHOOK_SECRET", "PLUGGY_WEBHOOK_SECRET_PREVIOUS",
        "PLUGGY_WEBHOOK_SIGNING_SECRET",
    )  # fmt: skip
    token = as_alice.post(reverse("connect_token"), "{}", content_type="application/json").json()[
        "accessToken"
    ]
    values = {name: getattr(settings, name) for name in names}
    values["DOCUMENT_HASH_KEYS"] = settings.DOCUMENT_HASH_KEYS[0]
    values |= {"API key": api_client.pluggy()._key, "connect token": token}
    assert all(len(value) > 20 for value in values.values())
    return values


# --- What a response contains ----------------------------------------------------------------------------
def forms(secret: str) -> set[str]:
    """Return how a secret may be written in HTML, JSON, a URL or base64."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return {secret, html.escape(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], encoded}


def text_of(response: Any) -> str:
    """Return the body and the headers, cookies included; the files of a ZIP archive are unpacked."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(BytesIO(body)) as archive:
            body = b"".join(archive.read(name) for name in archive.namelist())
    return f"{body.decode(errors='replace')}\n{response.headers}\n{response.cookies}"


def shown(response: Any, secrets: dict[str, str]) -> list[str]:
    """Return the names of the secrets that a response shows."""
    text = text_of(response)
    return [name for name, secret in secrets.items() if any(form in text for form in forms(secret))]


def test_a_secret_would_be_found_wherever_it_is(secrets: dict[str, str]) -> None:
    for name, secret in secrets.items():
        for form in forms(secret):
            assert shown(HttpResponse(f"<p data-x='{form}'>"), secrets) == [name]
            assert name in shown(HttpResponse(headers={"X-Debug": form}), secrets)
        archive = BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("sheet.xml", secret)
        assert shown(HttpResponse(archive.getvalue()), secrets) == [name]


# --- Pages -----------------------------------------------------------------------------------------------
def product_urls(item: Item, method: str) -> Iterator[str]:
    """Yield every URL of the product with this method, those that end the connection last."""
    transaction = Transaction.objects.filter(account__item=item).live().first()
    assert transaction is not None
    for name, methods in PERSONAL.items():
        if method in methods.split():
            yield reverse(name)
    for name, (make, methods) in sorted(OWNED.items(), key=lambda entry: entry[0] == "disconnect"):
        if method in methods.split():
            yield reverse(name, args=make(item, transaction))


def test_no_page_of_the_product_shows_a_secret(
    item: Item, as_alice: Client, as_bob: Client, secrets: dict[str, str]
) -> None:
    seen = 0
    for url in product_urls(item, "GET"):
        for client in (as_alice, as_bob, Client()):
            response = client.get(url)
            assert response.status_code < 500
            assert shown(response, secrets) == [], url
            seen += response.status_code == 200
    assert seen > 60
    for url in (reverse("connect") + f"?item={item.id}", reverse("connect_return") + f"?itemId={item.id}"):
        assert shown(as_alice.get(url), secrets) == [], url


def test_no_answer_to_a_post_shows_a_secret(
    item: Item, as_alice: Client, as_bob: Client, secrets: dict[str, str]
) -> None:
    for url in product_urls(item, "POST"):
        for client in (Client(), as_bob, as_alice):
            if url in (reverse("connect_token"), reverse("download_my_data")):
                continue  # the next test and tests/banking/personal_data/test_archive.py have them
            for data in ({}, {"itemId": str(item.id), "note": "x"}):
                response = client.post(url, data, follow=client is as_alice)
                assert shown(response, secrets) == [], url


def test_a_connect_token_is_only_in_the_answer_that_issues_it(
    item: Item, as_alice: Client, as_bob: Client, secrets: dict[str, str]
) -> None:
    for body in ("{}", json.dumps({"itemId": str(item.id)})):
        response = as_alice.post(reverse("connect_token"), body, content_type="application/json")
        others = {name: secret for name, secret in secrets.items() if name != "connect token"}
        assert set(response.json()) == {"accessToken", "forceAskForCredentials"}
        assert shown(response, others) == []
        assert response.json()["accessToken"] not in str(response.headers) + str(response.cookies)
        assert response.headers["Cache-Control"] == "private, no-store"
        secrets[f"connect token {len(body)}"] = response.json()["accessToken"]
    for client in (as_alice, as_bob):
        for name in ("connect", "connections", "overview", "banks"):
            assert shown(client.get(reverse(name)), secrets) == []
    answer = as_bob.post(reverse("connect_token"), json.dumps({"itemId": str(item.id)}), "application/json")
    assert (answer.status_code, shown(answer, secrets)) == (404, [])


def test_no_page_of_signing_in_shows_a_secret(as_alice: Client, secrets: dict[str, str]) -> None:
    urls = [
        "login",
        "logout",
        "signup",
        "password/reset",
        "password/change",
        "email",
        "confirm-email",
        "inactive",
    ]
    for url in urls:
        for client in (as_alice, Client()):
            for method in ("GET", "POST"):
                response = client.generic(method, f"/accounts/{url}/")
                assert response.status_code < 500
                assert shown(response, secrets) == [], url
            if url == "logout":
                client.force_login(User.objects.get(email="alice@example.com"))


def test_no_page_of_the_admin_shows_a_secret(
    item: Item, pluggy: LocalPluggy, admin_client: Client, secrets: dict[str, str], settings: Any
) -> None:
    headers = {SECRET_HEADER: settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS}
    Client().post("/webhooks/pluggy", json.dumps(event(item=item)), "application/json", headers=headers)
    Alert.objects.open(Alert.Code.CREDENTIALS, "POST /auth: 401", now=timezone.now())
    urls = ["/admin/", reverse("admin:webhooks_item_timeline", args=[item.id])]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        urls.append(reverse(f"{name}_changelist"))
        first = model._default_manager.first()
        urls += [reverse(f"{name}_change", args=[first.pk])] if first else []
    assert len(urls) > 20
    for url in urls:
        response = admin_client.get(url)
        assert response.status_code < 500
        assert shown(response, secrets) == [], url


# --- Errors ----------------------------------------------------------------------------------------------
def test_no_error_page_shows_a_secret(
    item: Item,
    alice: User,
    as_alice: Client,
    secrets: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(" ".join(secrets.values()))

    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.force_login(alice)
    responses = {
        404: as_alice.get("/no-such-page/"),
        403: strict.post(reverse("connect_token")),
        405: as_alice.get(reverse("connect_token")),
        400: as_alice.get("/", headers={"host": "evil.test"}),
    }
    for _ in range(settings_limit(settings) + 1):
        responses[429] = as_alice.post(reverse("connect_token"), "{}", "application/json")
    with monkeypatch.context() as patched:
        patched.setattr(connections, "connections_with_products", fail)
        responses[500] = strict.get(reverse("connections"))
    for status, response in responses.items():
        assert response.status_code == status
        assert shown(response, secrets) == [], status


def settings_limit(settings: Any) -> int:
    return int(settings.ACCOUNT_RATE_LIMITS["connect_token"].partition("/")[0])


def test_no_answer_to_a_delivery_shows_a_secret(item: Item, secrets: dict[str, str], settings: Any) -> None:
    settings.PLUGGY_WEBHOOK_SIGNING_SECRET = ""
    good = {SECRET_HEADER: settings.PLUGGY_WEBHOOK_SECRET}
    body = json.dumps(event(item=item))
    cases = [(body, good, 202), (body, {}, 401), (body, {SECRET_HEADER: "x"}, 401), ("{", good, 400)]
    for text, headers, status in cases:
        response = Client().post("/webhooks/pluggy", text, "application/json", headers=headers)
        assert (response.status_code, shown(response, secrets)) == (status, [])
    settings.PLUGGY_WEBHOOK_SIGNING_SECRET = secrets["PLUGGY_WEBHOOK_SIGNING_SECRET"]
    response = Client().post("/webhooks/pluggy", body, "application/json", headers=good)
    assert (response.status_code, shown(response, secrets)) == (401, [])


def test_what_users_read_while_pluggy_refuses_us_shows_no_secret(
    item: Item, as_alice: Client, pluggy: LocalPluggy, secrets: dict[str, str]
) -> None:
    """Even if Pluggy repeats our secrets in its error."""
    echo = {"code": 401, "message": " ".join(secrets.values())}
    pluggy.fault("status", "", status=401, body=echo, times=None, method=None)
    answers = [
        as_alice.post(reverse("connect_token"), "{}", "application/json"),
        as_alice.post(reverse("claim"), json.dumps({"itemId": str(uuid.uuid4())}), "application/json"),
        as_alice.post(reverse("refresh", args=[item.id]), follow=True),
        as_alice.get(reverse("banks")),
        as_alice.get(reverse("connection", args=[item.id])),
    ]
    for response in answers:
        assert shown(response, secrets) == []
    assert not any(secret in Alert.objects.get().detail for secret in secrets.values())
