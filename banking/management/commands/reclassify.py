"""Conclude all rows anew, after a definition has changed, and say what came of it."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from banking.actions import reclassification
from banking.actions.reclassification import Move
from banking.models import CategoryTree, Reclassification

WIDTH = 30


class Command(BaseCommand):
    help = "Conclude all rows anew, in batches. Interrupted (Ctrl-C), it goes on when it is started again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", default="", metavar="EMAIL", help="only this person's rows")
        parser.add_argument(
            "--from", dest="since", type=date.fromisoformat, metavar="YYYY-MM-DD",
            help="only rows of this day and later",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["user"]
        if email and not User.objects.filter(email=email).exists():
            raise CommandError(f"no person with the e-mail address {email}")
        walk = reclassification.begin(email=email, since=options["since"], now=timezone.now())
        if walk.rows:
            self.stdout.write(f"going on behind {walk.rows} rows of {walk.started_at:%Y-%m-%d %H:%M}")
        self._walk(walk)
        reclassification.finish(walk, now=timezone.now())
        self._report(walk)

    def _walk(self, walk: Reclassification) -> None:
        before, everything = walk.rows, walk.rows + reclassification.left(walk)
        try:
            for done in reclassification.go_on(walk):
                self._bar(done, everything)
        except KeyboardInterrupt:
            raise CommandError(
                f"interrupted after {walk.rows - before} rows: start it again to go on"
            ) from None
        if self.stdout.isatty():
            self.stdout.write("")

    def _bar(self, done: int, everything: int) -> None:
        """Where somebody looks on."""
        if self.stdout.isatty():
            share = min(done / everything, 1) if everything else 1
            bar = ("█" * round(share * WIDTH)).ljust(WIDTH, "·")
            self.stdout.write(f"\r{bar} {share:4.0%}  {done:,} rows ", ending="")
            self.stdout.flush()

    def _report(self, walk: Reclassification) -> None:
        found, tree = reclassification.moves(walk), CategoryTree.load()
        other = walk.changed - sum(move.rows for move in found)
        self.stdout.write(f"{walk.changed} of {walk.rows} rows changed")
        for move in found:
            self.stdout.write(_line(move, tree))
        if other:
            self.stdout.write(f"  {other:>9} in something else: a month, a reason, a rule")


def _line(move: Move, tree: CategoryTree) -> str:
    was, now = (f"{one.kind}, {tree.by_id[one.category_id].name_en}" for one in (move.was, move.now))
    return f"  {move.rows:>9} {move.currency} {move.total:>16,.2f}  {was} → {now}"
