"""Sign in without the form: a client with a session like the one that signing in makes."""

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.http import HttpRequest
from django.test import Client

from accounts.models import User


def signed_in(user: User) -> Client:
    """Return a client that has just signed in, so that sensitive pages do not ask for the password again."""
    client = Client()
    client.force_login(user)
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, user, "password")
    request.session.save()
    return client


def signed_in_staff(user: User) -> Client:
    """Return a client of a user who has a second factor, as the admin demands."""
    add_second_factor(user)
    return signed_in(user)


def add_second_factor(user: User) -> str:
    """Give the user an authenticator app; return its secret."""
    secret: str = generate_totp_secret()
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        TOTP.activate(user, secret)
    return secret
