"""Read one item from Pluggy now, in this process; or have the workers read all of them."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from banking import tasks
from banking.actions import operations
from banking.models import Item, SyncRun


class Command(BaseCommand):
    help = "Read one item from Pluggy now. A worker that is reading it already goes on undisturbed."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("item", type=UUID, nargs="?")
        which.add_argument("--all", action="store_true", help="every connection, by the workers")
        parser.add_argument("--full", action="store_true", help="ask for every row, as if nothing was known")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["all"]:
            return self._all(full=options["full"])
        item = Item.objects.connected().filter(id=options["item"]).first()
        if item is None:
            raise CommandError(f"no connected item {options['item']}")
        before = item.runs.count()
        operations.read_again(item, now=timezone.now(), full=options["full"])
        tasks.run_until_settled(item.id)
        if item.runs.count() == before:
            raise CommandError("a worker is reading it: it looks again when it is done")
        self._tell(item.runs.latest("id"))

    def _all(self, *, full: bool) -> None:
        """After a restore, or after days without deliveries: at the pace of Pluggy's limits."""
        items = Item.objects.connected()
        for item in items.iterator():
            operations.read_again(item, now=timezone.now(), full=full)
            tasks.ring(item.id)
        self.stdout.write(f"{items.count()} items are being read by the workers")

    def _tell(self, run: SyncRun) -> None:
        self.stdout.write(f"{run.outcome} ({run.item_status}) {run.error}".strip())
        numbers = ("read", "written", "removed", "held", "unreadable")
        self.stdout.write("rows: " + ", ".join(f"{getattr(run, f'rows_{one}')} {one}" for one in numbers))
        if run.outcome not in (SyncRun.Outcome.SUCCEEDED, SyncRun.Outcome.NOTHING_TO_READ):
            raise CommandError("it is tried again by itself")
