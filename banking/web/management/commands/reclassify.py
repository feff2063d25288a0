"""Reclassify stored transactions after a definition has changed, and report what changed."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from banking.ledger import reclassify
from banking.ledger.models import CategoryTree, ReclassificationJob
from banking.ledger.reclassify import Classification, ClassificationChange

BAR_WIDTH = 30


class Command(BaseCommand):
    help = "Reclassify transactions in batches. If it is interrupted (Ctrl-C), the next start continues."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", default="", metavar="EMAIL", help="only this user's transactions")
        parser.add_argument(
            "--from", dest="start_date", type=date.fromisoformat, metavar="YYYY-MM-DD",
            help="only transactions of this date and later",
        )  # fmt: skip

    def handle(self, *_args: Any, **options: Any) -> None:
        email = options["user"]
        if email and not User.objects.filter(email=email).exists():
            raise CommandError(f"no user with the e-mail address {email}")
        job = reclassify.start(email=email, start_date=options["start_date"], now=timezone.now())
        if job.transaction_count:
            self.stdout.write(
                f"continuing after {job.transaction_count} transactions of {job.started_at:%Y-%m-%d %H:%M}"
            )
        self._run(job)
        reclassify.finish(job, now=timezone.now())
        self._report(job)

    def _run(self, job: ReclassificationJob) -> None:
        done_before = job.transaction_count
        total = done_before + reclassify.remaining_count(job)
        try:
            for done in reclassify.run(job):
                self._show_progress(done, total)
        except KeyboardInterrupt:
            done_now = job.transaction_count - done_before
            raise CommandError(
                f"interrupted after {done_now} transactions: start again to continue"
            ) from None
        if self.stdout.isatty():
            self.stdout.write("")

    def _show_progress(self, done: int, total: int) -> None:
        if self.stdout.isatty():
            share = min(done / total, 1) if total else 1
            bar = ("█" * round(share * BAR_WIDTH)).ljust(BAR_WIDTH, "·")
            self.stdout.write(f"\r{bar} {share:4.0%}  {done:,} transactions ", ending="")
            self.stdout.flush()

    def _report(self, job: ReclassificationJob) -> None:
        changes, tree = reclassify.changes_of(job), CategoryTree.load()
        other = job.changed_count - sum(change.transaction_count for change in changes)
        self.stdout.write(f"{job.changed_count} of {job.transaction_count} transactions changed")
        for change in changes:
            self.stdout.write(_line(change, tree))
        if other:
            self.stdout.write(f"  {other:>9} in something else: a month, a reason or a rule")


def _line(change: ClassificationChange, tree: CategoryTree) -> str:
    def name(classification: Classification) -> str:
        return f"{classification.kind}, {tree.by_id[classification.category_id].name_en}"

    count = f"{change.transaction_count:>9} {change.currency} {change.total:>16,.2f}"
    return f"  {count}  {name(change.before)} → {name(change.after)}"
