"""NUL and lone surrogates: refused before PostgreSQL sees them, so that its log holds nothing of what users sent."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from dev.services import Services
from tests.postgres import is_private
from webhooks.secrets import SECRET_HEADER

pytestmark = pytest.mark.django_db
NUL, SURROGATE = "geheim\x00wort", "geheim\ud800wort"
JSON = "application/json"


@pytest.fixture
def postgres_log() -> Iterator[Path]:
    """The log of the private server; nothing may be appended to it that was sent."""
    if not is_private():
        pytest.skip("the log of a server that is not ours cannot be read")
    log = Services(Path(django_settings.BASE_DIR) / "var" / "test").postgres.log
    length = log.stat().st_size
    yield log
    appended = log.read_bytes()[length:].decode(errors="replace")
    assert "geheim" not in appended


def body(text: str) -> str:
    return json.dumps({"itemId": text})


def test_nul_in_any_part_of_a_request_is_refused(as_alice: Client, postgres_log: Path) -> None:
    nul = {"x": NUL}
    answers = {
        "form": as_alice.post("/preferences/", {"first_name": NUL}),
        "name of a field": as_alice.post("/preferences/", {NUL: "x"}),
        "urlencoded": as_alice.generic(
            "POST", "/preferences/look/", "theme=geheim%00wort", "application/x-www-form-urlencoded"
        ),
        "query": as_alice.get("/transactions/", {"q": NUL}),
        "export": as_alice.get("/transactions/export.csv", {"tag": NUL}),
        "path": as_alice.get("/cards/7e57c11e-0000-4000-8000-000000000001/geheim%00wort/"),
        "header": as_alice.get("/", headers={"User-Agent": NUL}),
        "json": as_alice.post("/connections/claim/", body(NUL), JSON),
        "json under another name": as_alice.post("/connections/token/", body(NUL), "text/plain"),
        "key of json": as_alice.post("/connections/claim/", json.dumps({NUL: 1}), JSON),
        "nested json": as_alice.post("/connections/claim/", json.dumps([[{"a": [NUL]}]]), JSON),
        "sign-in": Client().post(reverse("account_login"), {"login": NUL, "password": "x"}),
        "sign-up": Client().post(reverse("account_signup"), {"email": NUL, "password1": NUL}),
        "reset": Client().post(reverse("account_reset_password"), {"email": f"{NUL}@example.com"}),
        "admin": Client().get("/admin/accounts/user/", nul),
    }
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 400)


def test_nul_in_a_cookie_is_refused(db: None, postgres_log: Path) -> None:
    """A cookie in quotes may spell a NUL, and a session is looked up by its cookie."""
    for name in ("sessionid", "csrftoken", "django_language"):
        answer = Client().get("/preferences/", headers={"Cookie": f'{name}="geheim\\000wort"'})
        assert answer.status_code == 400, name


def test_lone_surrogates_are_refused(as_alice: Client, postgres_log: Path) -> None:
    multipart = (
        b'--x\r\nContent-Disposition: form-data; name="first_name"\r\n\r\ngeheim+2AA-wort\r\n--x--\r\n'
    )
    answers = [
        as_alice.post("/connections/claim/", body(SURROGATE), JSON),
        as_alice.generic(
            "POST", "/preferences/", multipart, "multipart/form-data; boundary=x; charset=utf-7"
        ),
    ]
    assert [answer.status_code for answer in answers] == [400, 400]


@pytest.mark.parametrize(
    "text", ["São João", "😀", "\\u0000 as it is written", "\x01", "line\nline", "\ufffd", "%00", "\\ud800"]
)
def test_other_texts_are_accepted(as_alice: Client, alice: User, text: str) -> None:
    assert as_alice.get("/transactions/", {"q": text}).status_code == 200
    assert as_alice.post("/connections/claim/", json.dumps({"itemId": text}), JSON).status_code == 404


@pytest.mark.parametrize("sent", ["", "{", "[" * 5000, "\xff", "1", "null"])
def test_what_is_no_json_is_left_to_the_view(as_alice: Client, sent: str) -> None:
    assert as_alice.generic("POST", "/connections/claim/", sent, JSON).status_code == 404


def test_a_form_sent_to_a_view_of_json_is_left_to_the_view(as_alice: Client) -> None:
    for content in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        assert as_alice.generic("POST", "/connections/claim/", "a=b", content).status_code in (400, 404)
    assert as_alice.post("/connections/claim/", {"itemId": "x"}).status_code == 404


def test_the_webhook_endpoint_refuses_them_by_itself(settings: Any, postgres_log: Path) -> None:
    """It must not read the body of a delivery without the secret."""
    headers = {SECRET_HEADER: settings.PLUGGY_WEBHOOK_SECRET}
    for text in (NUL, SURROGATE):
        delivery = json.dumps({"event": text, "eventId": "1", "itemId": text})
        assert Client().post("/webhooks/pluggy", delivery, JSON, headers=headers).status_code == 400
        assert Client().post("/webhooks/pluggy", delivery, JSON).status_code == 401


def test_postgresql_would_log_it(postgres_log: Path) -> None:
    """The reason for all this, and the proof that the fixture would see it."""
    length = postgres_log.stat().st_size
    with pytest.raises(Exception, match="unsupported Unicode"), connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb", [json.dumps({"a": "known\x00known"})])
    assert "known" in postgres_log.read_bytes()[length:].decode(errors="replace")
