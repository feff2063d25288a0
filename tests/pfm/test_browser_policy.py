"""Test what browsers are told: cookies, headers of pages and files, https, the end of a session, /.well-known/."""

import runpy
from datetime import timedelta
from http.cookies import Morsel
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from dev.check import PRODUCTION_SETTINGS
from pfm.browser_policy import PERMISSIONS_POLICY
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
HOST = "lume.example"
HTTP = {"Host": HOST}
HTTPS = {"Host": HOST, "X-Forwarded-Proto": "https"}
PREFERENCES = {"first_name": "Alice", "theme": "auto"}
COMPARED = (
    "SECURE_",
    "SESSION_COOKIE_",
    "CSRF_",
    "KNOWN_DEVICES_COOKIE_",
    "LANGUAGE_COOKIE_",
    "MESSAGES_COOKIE_",
    "ALLOWED_",
    "PUBLIC_",
)


@pytest.fixture
def production(settings: Any, monkeypatch: pytest.MonkeyPatch, project_root: Path) -> None:
    """The settings of a release that depend on https."""
    for name, value in PRODUCTION_SETTINGS.items():
        monkeypatch.setenv(name, value)
    for name, value in runpy.run_path(str(project_root / "pfm" / "settings.py")).items():
        if name.startswith(COMPARED):
            setattr(settings, name, value)


def sign_in(client: Client, user: User) -> Any:
    form = {"login": user.email, "password": PASSWORD}
    response = client.post(reverse("account_login"), form)
    assert response.status_code == 302, response.content.decode()
    return response


def test_every_cookie_is_bound_to_this_host(production: None, alice: User) -> None:
    """A neighbouring subdomain, or a page over http, can set no cookie with this prefix (RFC 6265bis)."""
    client = Client(headers=HTTPS)
    seen: dict[str, Any] = {}
    for response in (
        client.get(reverse("account_login")),
        client.post(reverse("set_language"), {"language": "en"}),
        sign_in(client, alice),
        client.post(reverse("preferences"), PREFERENCES),
    ):
        seen |= dict(response.cookies.items())
    assert set(seen) == {
        f"__Host-{name}"
        for name in ("sessionid", "csrftoken", "django_language", "messages", "known_devices")
    }
    for cookie in seen.values():
        assert isinstance(cookie, Morsel)
        attributes = [cookie[name] for name in ("path", "domain", "secure", "httponly", "samesite")]
        assert attributes == ["/", "", True, True, "Lax"], cookie.key


def test_an_end_of_messages_deletes_their_cookie(production: None, alice: User) -> None:
    client = Client(headers=HTTPS)
    sign_in(client, alice)
    assert "__Host-messages" in client.post(reverse("preferences"), PREFERENCES).cookies
    cookie = client.get(reverse("preferences")).cookies["__Host-messages"]
    assert (cookie.value, cookie["max-age"], cookie["secure"], cookie["path"]) == ("", 0, True, "/")


def test_on_http_pages_redirect_and_everything_else_is_refused(production: None) -> None:
    client = Client(headers=HTTP)
    for path in (reverse("account_login"), "/static/css/base.css"):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (301, f"https://{HOST}{path}")
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        for name in ("account_login", "pluggy_webhook"):
            assert client.generic(method, reverse(name)).status_code == 403
    assert Client(headers=HTTPS).post(reverse("pluggy_webhook")).status_code == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/accounts/login/", 200),
        ("/static/css/base.css", 200),
        ("/static/img/logo.svg", 200),
        ("/nowhere", 404),
        ("/", 302),
    ],
)
def test_every_response_says_what_browsers_may_do(production: None, path: str, status: int) -> None:
    response = Client(headers=HTTPS).get(path)
    assert response.status_code == status
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["Permissions-Policy"] == PERMISSIONS_POLICY
    assert response["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    expected = {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    assert {name: response.headers.get(name) for name in expected} == expected
    assert "Clear-Site-Data" not in response
    response.close()


def test_passkeys_are_allowed_here_and_sensors_nowhere() -> None:
    policy = dict(entry.split("=") for entry in PERMISSIONS_POLICY.split(", "))
    assert policy["publickey-credentials-get"] == policy["publickey-credentials-create"] == "(self)"
    assert policy["camera"] == policy["geolocation"] == policy["payment"] == "()"


def test_signing_out_clears_what_the_browser_kept(production: None, alice: User) -> None:
    client = Client(headers=HTTPS)
    client.post(reverse("set_language"), {"language": "en"})
    assert "Clear-Site-Data" not in sign_in(client, alice)
    response = client.post(reverse("account_logout"))
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert response.cookies["__Host-sessionid"]["max-age"] == 0
    assert "__Host-django_language" not in response.cookies  # the language stays
    assert "Clear-Site-Data" not in client.get(reverse("account_login"))


def test_the_contact_for_weaknesses_is_shown_while_it_is_right(settings: Any) -> None:
    url, until = "/.well-known/security.txt", timezone.now() + timedelta(days=90)
    assert Client().get(url).status_code == 404
    settings.SECURITY_CONTACTS = ["mailto:security@lume.example", "https://lume.example/report"]
    assert Client().get(url).status_code == 404
    settings.SECURITY_CONTACTS_UNTIL = until
    response = Client().get(url)
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode().splitlines() == [
        "Contact: mailto:security@lume.example",
        "Contact: https://lume.example/report",
        f"Expires: {until.isoformat(timespec='seconds')}",
        "Preferred-Languages: pt, en",
        f"Canonical: {settings.PUBLIC_URL}/.well-known/security.txt",
    ]
    settings.SECURITY_CONTACTS_UNTIL = timezone.now()
    assert Client().get(url).status_code == 404


def test_password_managers_find_the_page_for_passwords() -> None:
    response = Client().get("/.well-known/change-password")
    assert (response.status_code, response["Location"]) == (302, reverse("account_change_password"))
