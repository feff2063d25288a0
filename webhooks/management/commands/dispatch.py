"""Do in this process what beat and the workers do: for when Redis or Celery are away."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone

from banking import tasks as banking_tasks
from banking.models import SyncState
from webhooks import inbox, tasks

logger = logging.getLogger(__name__)

Work = Callable[[], object]
MOST_ITEMS = 20  # in a row, before a look at what else is due
CHORES: dict[Work, float] = {  # seconds between two turns
    banking_tasks.find_silent_items: 600,
    banking_tasks.finish_disconnections: 60,
    tasks.check_registration: 3600,
    tasks.check_deliveries: 60,
}


class Command(BaseCommand):
    help = "Sync whatever is due, one after the other, without Redis or Celery. Safe beside workers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="what is due now, then end")
        parser.add_argument("--seconds", type=float, help="end after so long")
        parser.add_argument("--every", type=float, default=1.0, help="seconds between two looks (1)")

    def handle(self, *args: Any, **options: Any) -> None:
        self._stop = threading.Event()
        self._turns = {chore: time.monotonic() + pause for chore, pause in CHORES.items()}
        until = time.monotonic() + (options["seconds"] or float("inf"))
        before = self._listen()
        try:
            while not self._stop.is_set() and time.monotonic() < until:
                done = self._look(until)
                if options["once"] and not done:
                    return
                if not done:
                    self._stop.wait(options["every"])
        finally:
            if before is not None:
                signal.signal(signal.SIGTERM, before)

    def _listen(self) -> Any:
        """A polite end between two pieces of work."""
        if threading.current_thread() is threading.main_thread():
            return signal.signal(signal.SIGTERM, lambda *_: self._stop.set())
        return None

    def _look(self, until: float) -> int:
        """One look at everything; how much there was to do."""
        done = 0
        try:
            inbox.settle(now=timezone.now())
            for work in self._due():
                if self._stop.is_set() or time.monotonic() > until:
                    break
                done += _attempt(work)
            inbox.settle(now=timezone.now())
        except (DatabaseError, InterfaceError) as error:
            logger.error("the database does not answer: %s", error)
            close_old_connections()
        return done

    def _due(self) -> Iterator[Work]:
        """Events, then items, the large ones last, then what is to be done now and then."""
        for event_id in inbox.due(timezone.now()):
            yield partial(tasks.follow_up, event_id)
        due = SyncState.objects.due(timezone.now()).filter(item__disconnected_at=None)
        found = due.order_by("is_bulk", "due_at").values_list("item_id", "is_bulk")[:MOST_ITEMS]
        for item_id, is_bulk in found:
            yield partial(banking_tasks.sync_bulk if is_bulk else banking_tasks.sync, str(item_id))
        for chore, at in self._turns.items():
            if time.monotonic() >= at:
                self._turns[chore] = time.monotonic() + CHORES[chore]
                yield chore


def _attempt(work: Work) -> int:
    """One failure stops nobody else; the run has recorded it and says when it is tried again."""
    try:
        work()
    except (DatabaseError, InterfaceError):
        raise
    except Exception:
        logger.exception("a piece of work failed")
    return 1
