"""Check what must always be true, and name each violation; exits 1 when there is one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from banking.reports import health


class Command(BaseCommand):
    help = "Check sums, owners and waiting work in the database; changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        found = health.violations(now=timezone.now())
        for violation in found:
            self.stdout.write(f"{violation.invariant}: {violation.detail}")
        if found:
            raise CommandError(f"{len(found)} violations")
        self.stdout.write("all is well")
