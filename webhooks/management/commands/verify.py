"""Check the invariants and print each violation; the exit code is 1 if there is one."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import F
from django.utils import timezone

from banking import verify
from banking.connections.models import Alert, Item
from banking.pluggy import Limited, PluggyError
from banking.verify import remote
from banking.web.api_client import pluggy
from webhooks import health as inbox

MAX_WAITS = 10  # for Pluggy's rate limit, per item


class Command(BaseCommand):
    help = "Check totals, owners, leases, waiting work and the inbox; with --remote, compare with Pluggy."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--remote", action="store_true", help="compare the data of every item with Pluggy's"
        )
        parser.add_argument("--item", type=UUID, metavar="ID", help="only this item")

    def handle(self, *_args: Any, **options: Any) -> None:
        count = 0
        for alert in Alert.objects.active():  # printed, but not a violation
            self.stdout.write(f"alert since {alert.opened_at:%Y-%m-%d %H:%M}: {alert}")
        for line in self._lines(options["item"], options["remote"]):
            self.stdout.write(line)
            count += 1
        if count:
            raise CommandError(f"{count} violations")
        self.stdout.write("no violations")

    def _lines(self, item_id: UUID | None, is_remote: bool) -> Iterator[str]:
        now = timezone.now()
        of_banking = verify.violations(now=now, item_id=item_id)
        of_inbox = [
            violation for violation in inbox.violations(now=now) if item_id in (None, violation.item_id)
        ]
        yield from (f"{violation.invariant}: {violation.detail}" for violation in [*of_banking, *of_inbox])
        if is_remote:
            for item in self._items(item_id):
                yield from self._compare(item)

    def _items(self, item_id: UUID | None) -> Iterator[Item]:
        """Yield the items that are up to date; one that is being synced cannot be compared."""
        chosen = Item.objects.readable().filter(gone_at=None, **({"id": item_id} if item_id else {}))
        up_to_date = chosen.filter(sync__dirty_seq=F("sync__synced_seq"), sync__lease_until=None)
        for item in chosen.exclude(id__in=up_to_date.values("id")):
            self.stderr.write(f"not compared, because it is not up to date: item {item.id}")
        yield from up_to_date.select_related("user").order_by("id").iterator()

    def _compare(self, item: Item) -> list[str]:
        """Compare an item; start again if Pluggy's rate limit interrupted it."""
        for _ in range(MAX_WAITS):
            try:
                return [str(difference) for difference in remote.differences(item, client=pluggy())]
            except Limited as error:
                time.sleep(error.wait)
            except PluggyError as error:
                return [f"unknown item {item.id}: {error}"]
        return [f"unknown item {item.id}: Pluggy's rate limit did not end"]
