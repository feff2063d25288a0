"""Sign in as staff with some permissions, and read pages of the admin in English."""

from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.signing_in import signed_in_staff


def sign_in_staff(email: str, *permissions: str) -> Client:
    """Return a client of a new staff user with these permissions, e.g. `view_item`; its pages are in English."""
    user = User.objects.create_user(email, "a-long-enough-password", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    assert user.user_permissions.count() == len(permissions)
    return _sign_in(user)


def sign_in_superuser(email: str = "root@example.com") -> Client:
    return _sign_in(User.objects.create_superuser(email, "a-long-enough-password"))


def _sign_in(user: User) -> Client:
    client = signed_in_staff(user)
    client.cookies["django_language"] = "en"
    return client


def page(client: Client, url: str, **query: Any) -> str:
    """Return the HTML of a page that must exist."""
    response = client.get(url, query)
    assert response.status_code == 200, (url, response.status_code)
    return response.content.decode()


def give_reason(client: Client, user: User, reason: str = "asked for help by mail") -> None:
    """Say why the client's user reads the data of another, so that pages show them."""
    response = client.post(reverse("admin:accounts_user_read", args=[user.pk]), {"reason": reason})
    assert response.status_code == 302
