"""The devices page: where the user is signed in, and how to sign out everywhere else (A-53)."""

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from accounts.devices import device_name
from accounts.models import User
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) Version/20.0 Mobile/15E148 Safari/604.1"


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (CHROME, "Chrome / Windows"),
        (CHROME + " Edg/150.0", "Edge / Windows"),
        (SAFARI, "Safari / iPhone"),
        ("Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0", "Firefox / Android"),
        ("Linux", "Linux"),
    ],
)
def test_the_name_of_a_device(user_agent: str, expected: str) -> None:
    name = device_name(user_agent)
    assert [part for part in expected.split(" / ") if part not in name] == []


@pytest.mark.parametrize("user_agent", ["", "curl", "<script>", "\r\n", "x" * 10_000])
def test_an_unknown_device_has_a_name_too(user_agent: str) -> None:
    assert device_name(user_agent)
    assert "<" not in device_name(user_agent)


def sign_in(user: User, user_agent: str) -> Client:
    client = Client(headers={"User-Agent": user_agent})
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return client


def test_one_device_signs_out_all_others(alice: User, bob: User) -> None:
    phone, laptop, other = sign_in(alice, SAFARI), sign_in(alice, CHROME), sign_in(bob, CHROME)
    page = laptop.get(reverse("usersessions_list")).content.decode()
    assert "iPhone" in page
    assert "Windows" in page
    assert UserSession.objects.filter(user=alice).count() == 2
    laptop.post(reverse("usersessions_list"))
    assert phone.get(reverse("preferences")).status_code == 302
    assert laptop.get(reverse("preferences")).status_code == 200
    assert other.get(reverse("preferences")).status_code == 200


def test_a_deactivated_user_is_signed_out_everywhere(alice: User) -> None:
    phone = sign_in(alice, SAFARI)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert phone.get(reverse("preferences")).status_code == 302
    phone.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    assert phone.get(reverse("preferences")).status_code == 302
