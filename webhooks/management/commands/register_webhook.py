"""Register our webhook at Pluggy, with its secret header; repair it if it is disabled or differs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from banking.application import pluggy
from banking.pluggy import PluggyError
from webhooks import registration, tasks
from webhooks.models import DeliveryCount


class Command(BaseCommand):
    help = "Create or repair the application's webhook at Pluggy. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only look; exits 1 when it is not right")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = tasks.wanted_registration()
        try:
            found = registration.look(wanted, client=pluggy())
            if not options["check"]:
                self.stdout.write(f"{wanted.url}: {registration.repair(found, wanted, client=pluggy())}")
        except PluggyError as error:
            raise CommandError(f"Pluggy cannot be asked for the webhook {wanted.url}: {error}") from error
        if options["check"]:
            self._tell(wanted, found)

    def _tell(self, wanted: registration.Wanted, found: registration.Registration) -> None:
        if wanted.previous_secret:
            self.stdout.write(f"the previous secret was last used {_last_use()}")
        if found.problems:
            raise CommandError(f"{wanted.url}: {found}")
        self.stdout.write(f"{wanted.url}: {found}")


def _last_use() -> str:
    """So that one knows when to let go of it."""
    used = DeliveryCount.objects.filter(with_previous_secret__gt=0).order_by("start").last()
    return f"at {used.start:%Y-%m-%d %H:%M} UTC" if used else "never, as far as is remembered"
