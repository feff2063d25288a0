"""Register our webhook at Pluggy, with the secret header; repair it if it is disabled or differs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from banking.pluggy import PluggyError
from banking.web.api_client import pluggy
from webhooks import registration, tasks
from webhooks.models import DeliveryCount


class Command(BaseCommand):
    help = "Create or repair the application's webhook at Pluggy. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only check; the exit code is 1 if there is a problem"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        wanted = tasks.wanted_webhook()
        try:
            found = registration.find(wanted, client=pluggy())
            if not options["check"]:
                self.stdout.write(f"{wanted.url}: {registration.repair(found, wanted, client=pluggy())}")
        except PluggyError as error:
            raise CommandError(f"cannot check the webhook {wanted.url} at Pluggy: {error}") from error
        if options["check"]:
            self._report(wanted, found)

    def _report(self, wanted: registration.WantedWebhook, found: registration.Registration) -> None:
        if wanted.previous_secret:
            self.stdout.write(f"the previous secret was last used {_last_use()}")
        if found.problems:
            raise CommandError(f"{wanted.url}: {found}")
        self.stdout.write(f"{wanted.url}: {found}")


def _last_use() -> str:
    """Return when the previous secret was last used, so that operators know when to remove it."""
    used = DeliveryCount.objects.filter(with_previous_secret__gt=0).order_by("start").last()
    return f"at {used.start:%Y-%m-%d %H:%M} UTC" if used else "never in the last 30 days"
