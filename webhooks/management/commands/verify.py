"""Check what must always be true, and name each violation; exits 1 when there is one."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import F
from django.utils import timezone

from banking.application import pluggy
from banking.models import Alarm, Item
from banking.pluggy import Limited, PluggyError
from banking.reports import health
from banking.reports.health import remote
from webhooks import health as inbox

MOST_WAITS = 10  # for Pluggy's limits, for one item


class Command(BaseCommand):
    help = "Check sums, owners, leases, waiting work and the inbox; with --remote, compare with Pluggy too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--remote", action="store_true", help="compare every item with Pluggy's own data")
        parser.add_argument("--item", type=UUID, metavar="ID", help="of one item only")

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for alarm in Alarm.objects.open():  # told, but no fault of the data
            self.stdout.write(f"alarm since {alarm.raised_at:%Y-%m-%d %H:%M}: {alarm}")
        for line in self._lines(options["item"], options["remote"]):
            self.stdout.write(line)
            found += 1
        if found:
            raise CommandError(f"{found} violations")
        self.stdout.write("all is well")

    def _lines(self, item_id: UUID | None, is_remote: bool) -> Iterator[str]:
        now = timezone.now()
        here = health.violations(now=now, item_id=item_id)
        there = [one for one in inbox.violations(now=now) if item_id in (None, one.item_id)]
        yield from (f"{one.invariant}: {one.detail}" for one in [*here, *there])
        if is_remote:
            for item in self._items(item_id):
                yield from self._compared(item)

    def _items(self, item_id: UUID | None) -> Iterator[Item]:
        """Those that are at rest; of one that is being read nothing can be said."""
        chosen = Item.objects.connected().filter(gone_at=None, **({"id": item_id} if item_id else {}))
        at_rest = chosen.filter(sync__dirty_seq=F("sync__synced_seq"), sync__lease_until=None)
        for item in chosen.exclude(id__in=at_rest.values("id")):
            self.stderr.write(f"not compared, as it is being read or waits for it: item {item.id}")
        yield from at_rest.select_related("user").order_by("id").iterator()

    def _compared(self, item: Item) -> list[str]:
        """Again from its beginning when a limit of Pluggy's cut it short."""
        for _ in range(MOST_WAITS):
            try:
                return [str(one) for one in remote.differences(item, client=pluggy())]
            except Limited as error:
                time.sleep(error.wait)
            except PluggyError as error:
                return [f"unknown item {item.id}: {error}"]
        return [f"unknown item {item.id}: Pluggy's limit did not end"]
