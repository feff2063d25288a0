"""Known devices: which browsers are known after which sign-in, and for whom."""

import time
from http.cookies import Morsel
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from accounts.known_devices import MAX_AGE, MAX_USERS, is_known
from accounts.models import User
from tests.accounts.test_second_factor import code
from tests.conftest import PASSWORD
from tests.signing_in import add_second_factor

pytestmark = pytest.mark.django_db
COOKIE = "known_devices"
NEW_PASSWORD = "cavalo correto bateria grampo"


def knows(client: Client, user: User) -> bool:
    user.refresh_from_db()
    request = HttpRequest()
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    return is_known(request, user)


def sign_in(client: Client, user: User, password: str = PASSWORD) -> None:
    client.post(reverse("account_login"), {"login": user.email, "password": password})


def test_a_browser_is_known_after_a_sign_in(alice: User, bob: User) -> None:
    client = Client()
    sign_in(client, alice)
    assert knows(client, alice)
    assert not knows(client, bob)
    client.post(reverse("account_logout"))
    assert knows(client, alice)


def test_the_password_alone_makes_no_known_device(alice: User) -> None:
    secret = add_second_factor(alice)
    client = Client()
    sign_in(client, alice)
    assert not knows(client, alice)
    client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert knows(client, alice)


def test_a_wrong_password_makes_no_known_device(alice: User) -> None:
    client = Client()
    sign_in(client, alice, "a-wrong-password")
    assert not knows(client, alice)


def test_two_users_share_a_browser(alice: User, bob: User) -> None:
    client = Client()
    for user in (alice, bob):
        sign_in(client, user)
        client.post(reverse("account_logout"))
    assert knows(client, alice)
    assert knows(client, bob)


def test_a_browser_remembers_the_last_few_users(alice: User) -> None:
    client = Client()
    users = [
        alice,
        *(User.objects.create(email=f"{n}@example.com", password=alice.password) for n in range(MAX_USERS)),
    ]
    for user in users:
        sign_in(client, user)
        client.post(reverse("account_logout"))
    assert [knows(client, user) for user in users] == [False] + [True] * MAX_USERS


def test_another_password_makes_other_devices_unknown(alice: User) -> None:
    """Whoever signed in with a stolen password is unknown after it was changed."""
    client, other = Client(), Client()
    for browser in (client, other):
        sign_in(browser, alice)
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post(reverse("account_change_password"), form)
    assert knows(client, alice)
    assert not knows(other, alice)


def test_a_forged_or_foreign_cookie_is_not_believed(alice: User, bob: User) -> None:
    client = Client()
    sign_in(client, bob)
    for value in ("", "x", f'[[{alice.pk},"x","y"]]', client.cookies[COOKIE].value[::-1]):
        forged = Client()
        forged.cookies[COOKIE] = value
        assert not knows(forged, alice)


def test_a_device_is_forgotten_after_a_year(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    sign_in(client, alice)
    later = time.time() + MAX_AGE + 60
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert not knows(client, alice)


def test_the_cookie_is_for_the_server_alone(alice: User, settings: Any) -> None:
    client = Client()
    sign_in(client, alice)
    cookie: Morsel[str] = client.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
        True,
        "Lax",
        "/",
        "",
    )
    assert int(cookie["max-age"]) == MAX_AGE
    assert alice.email not in cookie.value
