"""Make all monthly sums anew from the rows, or only say whether they are right."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from banking import rollups


class Command(BaseCommand):
    help = "Throw away the monthly sums and make them again, in one transaction."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a sum is wrong")

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = len(rollups.differences())
        if options["check"]:
            self.stdout.write(f"{wrong} wrong groups")
            if wrong:
                raise CommandError("the sums are not those of the rows")
            return
        rollups.rebuild()
        self.stdout.write(f"{wrong} wrong groups before, {len(rollups.differences())} now")
