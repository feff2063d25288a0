"""Import the archive that a user downloaded from another installation (Settings → Download my data)."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from banking.personal_data.importing import UnusableArchive, import_archive


class Command(BaseCommand):
    help = (
        "Import the archive of a user who has no account here. They get no password: they set one by the link for a"
        " forgotten password. Their connections become history, and Pluggy is not asked about them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--email", default="", help="another address than that of the archive")
        parser.add_argument(
            "--keep-connections",
            action="store_true",
            help="this installation has the same Pluggy keys, and replaces the one that made the archive: go on with"
            " its connections",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            user = import_archive(
                options["file"],
                email=options["email"],
                now=timezone.now(),
                keeps_connections=options["keep_connections"],
            )
        except UnusableArchive as error:
            raise CommandError(f"nothing was imported: {error}") from error
        self.stdout.write(f"imported: {user.email}, {user.items.count()} connections")
