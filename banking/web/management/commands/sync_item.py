"""Sync one item in this process, or let the workers sync all of them."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from banking.connections.models import Item, SyncRun
from banking.ledger import operations
from banking.web import tasks


class Command(BaseCommand):
    help = "Sync one item now. If a worker is syncing it already, that continues."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("item", type=UUID, nargs="?")
        which.add_argument("--all", action="store_true", help="let the workers sync every connection")
        parser.add_argument("--full", action="store_true", help="ask for every transaction again")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["all"]:
            self._enqueue_all(full=options["full"])
        else:
            self._sync(options["item"], full=options["full"])

    def _sync(self, item_id: UUID, *, full: bool) -> None:
        item = Item.objects.readable().filter(id=item_id).first()
        if item is None:
            raise CommandError(f"no connected item {item_id} of an active user")
        before = item.runs.count()
        operations.request_sync(item, now=timezone.now(), full=full)
        tasks.sync_interactively(item.id)
        if item.runs.count() == before:
            raise CommandError("a worker is syncing it, and syncs it again afterwards")
        self._report(item.runs.latest("id"))

    def _enqueue_all(self, *, full: bool) -> None:
        """Enqueue every connection, for example after a restore; Pluggy's rate limits are kept."""
        items = Item.objects.readable()
        for item in items.iterator():
            operations.request_sync(item, now=timezone.now(), full=full)
            tasks.enqueue_sync(item.id)
        self.stdout.write(f"{items.count()} items are enqueued")

    def _report(self, run: SyncRun) -> None:
        self.stdout.write(f"{run.outcome} ({run.item_status}) {run.error}".strip())
        measure = ", ".join(f"{count} {label}" for label, count in run.counts().items())
        self.stdout.write(measure)
        if run.outcome not in (SyncRun.Outcome.SUCCEEDED, SyncRun.Outcome.NOTHING_TO_READ):
            raise CommandError("the sync is repeated automatically")
