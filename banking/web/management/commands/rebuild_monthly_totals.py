"""Rebuild the monthly totals from the transactions, or only check them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from banking.ledger import monthly_totals


class Command(BaseCommand):
    help = "Delete the monthly totals and compute them again, in one transaction."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; exit code 1 if a total is wrong"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        wrong = len(monthly_totals.differences())
        if options["check"]:
            self.stdout.write(f"{wrong} wrong totals")
            if wrong:
                raise CommandError("the totals differ from the sums of their transactions")
            return
        monthly_totals.rebuild()
        self.stdout.write(f"{wrong} wrong totals before, {len(monthly_totals.differences())} now")
