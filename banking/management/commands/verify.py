"""Check what must always be true, and name each violation; exits 1 when there is one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from banking.models import Alarm
from banking.reports import health


class Command(BaseCommand):
    help = "Check sums, owners and waiting work in the database; changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        for alarm in Alarm.objects.open():  # told, but no fault of the data
            self.stdout.write(f"alarm since {alarm.raised_at:%Y-%m-%d %H:%M}: {alarm}")
        found = health.violations(now=timezone.now())
        for violation in found:
            self.stdout.write(f"{violation.invariant}: {violation.detail}")
        if found:
            raise CommandError(f"{len(found)} violations")
        self.stdout.write("all is well")
