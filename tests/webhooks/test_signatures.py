"""Second checks of deliveries, if configured: the signature of the body and the sender's address."""

import base64
import hashlib
import hmac
import json
import logging
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone

from banking.connections.models import Alert
from pfm import task_queue
from pfm.environment import Environment
from pluggy_sandbox.delivery.sender import signature as signature_of_local_pluggy
from tests.payloads import event
from webhooks import checks, delivery_counts, monitoring
from webhooks.models import DeliveryCount, Event
from webhooks.secrets import SECRET_HEADER
from webhooks.signatures import is_from, is_signed, sender_address

pytestmark = pytest.mark.django_db
URL = "/webhooks/pluggy"
SIGNING_SECRET = "whsec_0123456789-never-shown"
PLUGGY = "52.67.145.81"


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_queue, "enqueue", lambda *_: False)
    monkeypatch.setattr(delivery_counts, "_tally", delivery_counts._Tally())


@pytest.fixture
def signed(settings: Any) -> Any:
    settings.PLUGGY_WEBHOOK_SIGNING_SECRET = SIGNING_SECRET
    return settings


def post(
    settings: Any, body: str, *, secret: str | None = None, address: str = "127.0.0.1", **headers: str
) -> Any:
    sent = {SECRET_HEADER: settings.PLUGGY_WEBHOOK_SECRET if secret is None else secret} | headers
    return Client(REMOTE_ADDR=address).post(URL, body, content_type="application/json", headers=sent)


def hmac_of(body: str, *, secret: str = SIGNING_SECRET, algorithm: str = "sha256") -> bytes:
    return hmac.new(secret.encode(), body.encode(), algorithm).digest()


# --- Signature ---------------------------------------------------------------------------------------
def test_without_a_signing_secret_no_signature_is_needed(settings: Any) -> None:
    assert post(settings, json.dumps(event())).status_code == 202
    assert post(settings, json.dumps(event()), **{"X-Webhook-Signature": "wrong"}).status_code == 202


@pytest.mark.parametrize("form", ["hex", "HEX", "base64", "prefix", "spaces"])
def test_a_right_signature_is_accepted_in_each_form(signed: Any, form: str) -> None:
    body = json.dumps(event())
    digest = hmac_of(body)
    forms = {
        "hex": digest.hex(),
        "HEX": digest.hex().upper(),
        "base64": base64.b64encode(digest).decode(),
        "prefix": f"sha256={digest.hex()}",
        "spaces": f" {digest.hex()} ",
    }
    assert post(signed, body, **{"X-Webhook-Signature": forms[form]}).status_code == 202
    assert Event.objects.count() == 1


def test_the_signature_of_the_local_pluggy_is_accepted(signed: Any) -> None:
    body = json.dumps(event())
    header = {"X-Webhook-Signature": signature_of_local_pluggy(SIGNING_SECRET, body.encode())}
    assert post(signed, body, **header).status_code == 202


def test_header_and_algorithm_are_settings(signed: Any) -> None:
    signed.PLUGGY_WEBHOOK_SIGNATURE_HEADER = "X-Pluggy-Sign"
    signed.PLUGGY_WEBHOOK_SIGNATURE_ALGORITHM = "sha512"
    body = json.dumps(event())
    assert post(signed, body, **{"X-Pluggy-Sign": hmac_of(body, algorithm="sha512").hex()}).status_code == 202
    assert post(signed, body, **{"X-Pluggy-Sign": hmac_of(body).hex()}).status_code == 401


def wrong_signatures(body: str) -> list[str]:
    right = hmac_of(body).hex()
    return [
        "", " ", "wrong", "é" * 64, right[:-1], right + "0", f"sha512={right}", f"sha1={right}", "0" * 64,
        hmac_of(body, secret="another").hex(), hmac_of(body + " ").hex(), hashlib.sha256(body.encode()).hexdigest(),
        SIGNING_SECRET, "x" * 100_000,
    ]  # fmt: skip


def test_a_wrong_signature_is_refused_without_a_trace_of_the_secret(
    signed: Any, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps(event())
    with caplog.at_level(logging.DEBUG):
        for wrong in wrong_signatures(body):
            response = post(signed, body, **{"X-Webhook-Signature": wrong})
            assert response.status_code == 401, wrong
            assert response.content == b""
        assert post(signed, body).status_code == 401  # no signature at all
    assert not Event.objects.exists()
    for hidden in (SIGNING_SECRET, signed.PLUGGY_WEBHOOK_SECRET, hmac_of(body).hex()):
        assert hidden not in caplog.text
        assert hidden not in str(response.headers)


def test_a_right_signature_does_not_replace_the_secret(signed: Any) -> None:
    body = json.dumps(event())
    header = {"X-Webhook-Signature": hmac_of(body).hex()}
    assert post(signed, body, secret="wrong", **header).status_code == 401
    assert post(signed, body, secret="", **header).status_code == 401


def test_refused_signatures_open_the_alert_of_refused_deliveries(signed: Any) -> None:
    for _ in range(3):
        assert post(signed, json.dumps(event()), **{"X-Webhook-Signature": "wrong"}).status_code == 401
    assert DeliveryCount.objects.get().refused == 3
    monitoring.check_deliveries(now=timezone.now())
    assert "signature" in Alert.objects.active().get(code=Alert.Code.REFUSED).detail


def test_a_signed_body_that_is_no_event_is_400(signed: Any) -> None:
    for body in ("{", "[]", "null"):
        assert post(signed, body, **{"X-Webhook-Signature": hmac_of(body).hex()}).status_code == 400


# --- Address -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("address", "status"),
    [(PLUGGY, 202), (f"::ffff:{PLUGGY}", 202), ("10.1.2.3", 202), ("2001:db8::7", 202), ("52.67.145.82", 401),
     ("", 401), ("not an address", 401), ("2001:db9::7", 401)],
)  # fmt: skip
def test_only_configured_addresses_may_deliver(settings: Any, address: str, status: int) -> None:
    settings.PLUGGY_WEBHOOK_SOURCES = [
        ip_network(PLUGGY),
        ip_network("10.0.0.0/8"),
        ip_network("2001:db8::/32"),
    ]
    assert post(settings, json.dumps(event()), address=address).status_code == status
    assert Event.objects.exists() == (status == 202)
    assert DeliveryCount.objects.exists() == (status == 401)


def test_a_forged_forwarded_address_is_not_believed(settings: Any) -> None:
    settings.PLUGGY_WEBHOOK_SOURCES = [ip_network(PLUGGY)]
    forged = {"X-Forwarded-For": PLUGGY}
    assert post(settings, json.dumps(event()), address="6.6.6.6", **forged).status_code == 401
    settings.TRUSTED_PROXY_COUNT = 1
    behind = {"X-Forwarded-For": f"{PLUGGY}, 6.6.6.6"}
    assert post(settings, json.dumps(event()), **behind).status_code == 401
    assert post(settings, json.dumps(event()), **{"X-Forwarded-For": f"6.6.6.6, {PLUGGY}"}).status_code == 202
    assert post(settings, json.dumps(event())).status_code == 401  # the proxy did not say from where


def test_the_address_does_not_replace_the_secret(settings: Any) -> None:
    settings.PLUGGY_WEBHOOK_SOURCES = [ip_network(PLUGGY)]
    assert post(settings, json.dumps(event()), secret="wrong", address=PLUGGY).status_code == 401


def test_sender_address_behind_proxies() -> None:
    assert sender_address("1.1.1.1", "2.2.2.2", proxy_count=0) == "1.1.1.1"
    assert sender_address("1.1.1.1", "3.3.3.3, 2.2.2.2", proxy_count=1) == "2.2.2.2"
    assert sender_address("1.1.1.1", "4.4.4.4,3.3.3.3, 2.2.2.2", proxy_count=2) == "3.3.3.3"
    assert sender_address("1.1.1.1", "2.2.2.2", proxy_count=2) == sender_address("1", "", proxy_count=1) == ""
    assert not is_from("", [ip_network("0.0.0.0/0")])
    assert not is_signed(b"", "", secret="s" * 20, algorithm="sha256")


# --- Settings ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "is_right"),
    [
        (f"{PLUGGY}, 10.0.0.0/8", True),
        ("", True),
        (" ", True),
        ("pluggy.ai", False),
        ("10.0.0.1/8", False),
        ("1.2.3", False),
    ],
)
def test_addresses_are_checked_at_start(monkeypatch: pytest.MonkeyPatch, value: str, is_right: bool) -> None:
    monkeypatch.setenv("SOME_SOURCES", value)
    env = Environment(Path("no .env"))
    networks = env.networks("SOME_SOURCES")
    if is_right:
        env.check()
        assert len(networks) == len([word for word in value.split(",") if word.strip()])
    else:
        with pytest.raises(ImproperlyConfigured, match="SOME_SOURCES"):
            env.check()


def test_header_and_algorithm_are_checked_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    env = Environment(Path("no .env"))
    assert env.header_name("NO_HEADER", default="X-Webhook-Signature") == "X-Webhook-Signature"
    assert env.choice("NO_CHOICE", ("sha256", "sha512"), default="sha256") == "sha256"
    monkeypatch.setenv("A_HEADER", "X Signature:")
    monkeypatch.setenv("A_CHOICE", "md5")
    env.header_name("A_HEADER", default="X")
    env.choice("A_CHOICE", ("sha256", "sha512"), default="sha256")
    with pytest.raises(ImproperlyConfigured, match=r"A_HEADER(.|\n)*A_CHOICE"):
        env.check()


def test_sources_behind_an_unknown_proxy_are_a_warning(settings: Any) -> None:
    settings.DEBUG, settings.IS_HTTPS = False, True
    settings.PLUGGY_WEBHOOK_SOURCES = [ip_network(PLUGGY)]
    assert [message.id for message in checks.webhook_secrets()] == ["webhooks.W003"]
    settings.TRUSTED_PROXY_COUNT = 1
    assert checks.webhook_secrets() == []
