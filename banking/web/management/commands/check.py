"""Run Django's system checks, then ask Pluggy whether it accepts our client id and secret."""

from typing import Any

from django.core.checks import CheckMessage, Critical, Info
from django.core.management import CommandError, CommandParser
from django.core.management.commands import check

from banking.pluggy import PluggyError, Unauthorized
from banking.web.api_client import pluggy


class Command(check.Command):
    help = f"{check.Command.help} Also tests the keys of Pluggy."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--offline", action="store_true", help="do not ask Pluggy")

    def handle(self, *app_labels: Any, **options: Any) -> None:
        super().handle(*app_labels, **options)
        if options["offline"] or options["tags"] or options["list_tags"] or app_labels:
            return
        message = credentials_message()
        if message.is_serious():
            raise CommandError(str(message))
        self.stdout.write(str(message))


def credentials_message() -> CheckMessage:
    """Ask Pluggy for a new API key. That it cannot be reached says nothing about the keys, and is no error."""
    try:
        pluggy().check_credentials()
    except Unauthorized as error:
        hint = (
            "Compare PLUGGY_CLIENT_ID and PLUGGY_CLIENT_SECRET with the application at dashboard.pluggy.ai."
        )
        return Critical(f"Pluggy refuses our client id or secret ({error}).", hint=hint, id="pluggy.E001")
    except PluggyError as error:
        return Info(
            f"The keys of Pluggy were not tested, because it did not answer: {error}", id="pluggy.I001"
        )
    return Info("Pluggy accepts our client id and secret.", id="pluggy.I002")
