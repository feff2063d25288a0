"""Create a person (or find them again) and print who Pluggy knows them as; for demos and operators."""

import json
from typing import Any

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand, CommandParser

from accounts.models import User


class Command(BaseCommand):
    help = "Create a person with a verified e-mail; prints one JSON line. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--password", required=True)
        parser.add_argument("--name", default="", help="first and last name")
        parser.add_argument("--staff", action="store_true", help="may use the admin, as a superuser")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        created = user is None
        if user is None:
            user = self._create(options)
        EmailAddress.objects.get_or_create(
            user=user, email=user.email, defaults={"verified": True, "primary": True}
        )
        line = {"email": user.email, "reference": user.reference, "created": created}
        self.stdout.write(json.dumps(line))

    def _create(self, options: dict[str, Any]) -> User:
        first, _, last = options["name"].partition(" ")
        make = User.objects.create_superuser if options["staff"] else User.objects.create_user
        return make(options["email"], options["password"], first_name=first, last_name=last)
