"""Make all monthly sums anew from the rows."""

from typing import Any

from django.core.management.base import BaseCommand

from banking import rollups


class Command(BaseCommand):
    help = "Throw away the monthly sums and make them again, in one transaction."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = len(rollups.differences())
        rollups.rebuild()
        self.stdout.write(f"{wrong} wrong groups before, {len(rollups.differences())} now")
