"""Create a user, or find them, and print the reference that Pluggy knows them by."""

import json
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management.base import BaseCommand, CommandParser

from accounts.models import User


class Command(BaseCommand):
    help = "Create a user with a verified e-mail address and print one line of JSON. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--password", required=True)
        parser.add_argument("--name", default="", help="first and last name")
        parser.add_argument("--staff", action="store_true", help="may use the admin, as a superuser")
        parser.add_argument(
            "--second-factor",
            action="store_true",
            help="a new user gets an authenticator app; prints its URL",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        created = user is None
        if user is None:
            user = self._create(options)
        EmailAddress.objects.get_or_create(
            user=user, email=user.email, defaults={"verified": True, "primary": True}
        )
        line = {"email": user.email, "reference": user.reference, "created": created}
        if options["second_factor"] and created:
            line["totp_url"] = _add_authenticator_app(user)
        self.stdout.write(json.dumps(line))

    def _create(self, options: dict[str, Any]) -> User:
        first, _, last = options["name"].partition(" ")
        make = User.objects.create_superuser if options["staff"] else User.objects.create_user
        return make(options["email"], options["password"], first_name=first, last_name=last)


def _add_authenticator_app(user: User) -> str:
    """Return the otpauth:// URL that an authenticator app reads, usually from a QR code."""
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    url: str = get_adapter().build_totp_url(user, secret)
    return url
