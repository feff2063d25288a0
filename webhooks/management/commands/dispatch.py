"""Do the work of Celery's workers and scheduler in this process, without Redis."""

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

from accounts import outbox
from accounts import tasks as accounts_tasks
from accounts.models import Erasure
from banking.connections.models import SyncState
from banking.ingest import full_read
from banking.web import tasks as banking_tasks
from webhooks import inbox, tasks

logger = logging.getLogger(__name__)

Work = Callable[[], object]
MAX_ITEMS = 20  # in a row, before events are checked again
PERIODIC: dict[Work, float] = {  # seconds between two runs
    banking_tasks.find_overdue_items: 60,
    banking_tasks.finish_disconnections: 60,
    banking_tasks.find_items_to_read_again: 600,
    banking_tasks.delete_late_events: 600,
    banking_tasks.find_unclaimed_items: 3600,
    tasks.check_credentials: 300,
    tasks.check_registration: 3600,
    tasks.check_deliveries: 60,
    tasks.delete_old_data: 3600,
    accounts_tasks.forget_email_changes: 3600,
}


class Command(BaseCommand):
    help = "Process everything that is due, without Redis or Celery. Safe to run beside workers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="process what is due now, then exit")
        parser.add_argument("--seconds", type=float, help="exit after this time")
        parser.add_argument("--every", type=float, default=1.0, help="seconds between two checks (1)")

    def handle(self, *_args: Any, **options: Any) -> None:
        self._stop = threading.Event()
        self._next_runs = {work: time.monotonic() + pause for work, pause in PERIODIC.items()}
        until = time.monotonic() + (options["seconds"] or float("inf"))
        previous_handler = self._handle_sigterm()
        try:
            while not self._stop.is_set() and time.monotonic() < until:
                done = self._process(until)
                if options["once"] and not done:
                    return
                if not done:
                    self._stop.wait(options["every"])
        finally:
            if previous_handler is not None:
                signal.signal(signal.SIGTERM, previous_handler)

    def _handle_sigterm(self) -> Any:
        """Make SIGTERM stop the command between two pieces of work; return the previous handler."""
        if threading.current_thread() is threading.main_thread():
            return signal.signal(signal.SIGTERM, lambda *_: self._stop.set())
        return None

    def _process(self, until: float) -> int:
        """Process what is due; return how many pieces of work there were."""
        done = 0
        try:
            inbox.settle(now=timezone.now())
            for work in self._due():
                if self._stop.is_set() or time.monotonic() > until:
                    break
                done += _run(work)
            inbox.settle(now=timezone.now())
        except (DatabaseError, InterfaceError) as error:
            logger.error("the database does not answer: %s", error)
            close_old_connections()
        return done

    def _due(self) -> Iterator[Work]:
        """Yield mails, then events, then items, large ones last, then a full read, erasures and the periodic work."""
        if outbox.has_due(timezone.now()):
            yield accounts_tasks.send_mails
        for event_id in inbox.due(timezone.now()):
            yield partial(tasks.follow_up, event_id)
        due = SyncState.objects.due(timezone.now()).readable()
        items = due.order_by("is_bulk", "due_at").values_list("item_id", "is_bulk")[:MAX_ITEMS]
        for item_id, is_bulk in items:
            yield partial(banking_tasks.sync_bulk if is_bulk else banking_tasks.sync, str(item_id))
        for item_id in full_read.due_items(now=timezone.now(), limit=1):
            yield partial(banking_tasks.read_again, str(item_id))
        for erasure_id in Erasure.objects.due(timezone.now()).values_list("pk", flat=True):
            yield partial(banking_tasks.erase, str(erasure_id))
        for work, next_run in self._next_runs.items():
            if time.monotonic() >= next_run:
                self._next_runs[work] = time.monotonic() + PERIODIC[work]
                yield work


def _run(work: Work) -> int:
    """Run a piece of work; its failure is logged and does not stop the others."""
    try:
        work()
    except (DatabaseError, InterfaceError):
        raise
    except Exception:
        logger.exception("a piece of work failed")
    return 1
