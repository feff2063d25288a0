"""Deliver queued events: in order for each address, with Pluggy's retries."""

import sqlite3
import threading
import time
import traceback
from typing import Any

from pluggy_sandbox.clock import Clock
from pluggy_sandbox.delivery.queue import MAX_SLEEP, DeliveryQueue
from pluggy_sandbox.delivery.sender import Sender
from pluggy_sandbox.settings import Settings
from pluggy_sandbox.store import outbox
from pluggy_sandbox.store.database import Database

Json = dict[str, Any]
WORKERS = 8
PAUSE_AFTER_ERROR = 1.0  # seconds
MINUTES_15, HOURS_2 = 900.0, 7200.0
# seconds to wait after the 1st, 2nd, ... failed try: 3 tries at once, 3 after 15 minutes, 3 after 2 hours
WAITS = (0.0, 0.0, MINUTES_15, 0.0, 0.0, HOURS_2, 0.0, 0.0)
MAX_TRIES = len(WAITS) + 1
MAX_TRIES_BY_EVENT = {"item/login_succeeded": 3}


class Dispatcher:
    """Worker threads that share one queue. The database holds the deliveries too, so a restart loses none."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self.database, self.clock, self.settings = database, clock, settings
        self.held = False
        self._condition = threading.Condition()
        self._queue = DeliveryQueue(ordered=not settings.unordered_deliveries)
        self._last_queued_id = 0  # the newest delivery in the queue
        self._has_new = True
        self._stopping = False

    def start(self) -> None:
        """Start the worker threads."""
        for number in range(WORKERS):
            threading.Thread(target=self._work, name=f"delivery-worker-{number}", daemon=True).start()

    def stop(self) -> None:
        """End the workers after their current delivery."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()

    def wake(self) -> None:
        """Tell a worker that the outbox has something new. It wakes the next one if there is more to do."""
        with self._condition:
            self._has_new = True
            self._condition.notify()

    def hold(self) -> None:
        """Stop delivering until `release`."""
        with self._condition:
            self.held = True

    def release(self, order: list[int] | None = None) -> None:
        """Deliver again, optionally in a new order of delivery ids."""
        if order:
            outbox.reorder(self.database, order)
        with self._condition:
            self._queue.clear()
            self._last_queued_id, self.held = 0, False
        self.wake()

    def _work(self) -> None:
        sender = Sender(self.clock, self.settings)
        while (assignment := self._next_delivery()) is not None:
            lane, delivery_id = assignment
            try:
                self._deliver(sender, delivery_id)
            except Exception:  # the database; the worker goes on, and the delivery is still stored as waiting
                traceback.print_exc()
                self._read_all_again()
            finally:
                with self._condition:
                    self._queue.done(lane)

    def _read_all_again(self) -> None:
        """Queue every waiting delivery from the database, after a pause."""
        time.sleep(PAUSE_AFTER_ERROR)
        with self._condition:
            self._queue.clear()
            self._last_queued_id, self._has_new = 0, True

    def _next_delivery(self) -> tuple[str, int] | None:
        """Wait for the next delivery and return it with its lane; None when the workers must end."""
        with self._condition:
            while not self._stopping:
                now = time.time()
                self._refill(now)
                assignment = None if self.held else self._queue.take(now)
                if assignment:
                    if self._queue.has_ready:
                        self._condition.notify()
                    return assignment
                # While deliveries are held back, some may be due: asking for them would take all processor time.
                self._condition.wait(MAX_SLEEP if self.held else self._queue.seconds_until_due(now))
        return None

    def _refill(self, now: float) -> None:
        """Queue the deliveries that were stored since the last call."""
        if not self._has_new:
            return
        deliveries = outbox.waiting(self.database, after_id=self._last_queued_id)
        self._has_new = False
        for delivery in deliveries:
            self._queue.push(delivery, now)
            self._last_queued_id = max(self._last_queued_id, delivery["id"])

    def _deliver(self, sender: Sender, delivery_id: int) -> None:
        delivery = outbox.delivery(self.database, delivery_id)
        if delivery is None:
            return  # delivered, dropped or deleted meanwhile
        if delivery["due_at"] > time.time() and delivery["tries"]:
            self._requeue(delivery_id)
            return
        attempt = sender.send(delivery)
        state = _state_after(delivery, attempt["status"])
        wait = WAITS[delivery["tries"]] if state == "waiting" else 0.0
        due_at = time.time() + self.settings.scaled(wait)
        counts = _max_tries(delivery) == MAX_TRIES  # shorter series do not disable a webhook
        outbox.record_attempt(
            self.database, delivery, state=state, due_at=due_at, attempt=attempt, counts_as_failure=counts
        )
        if state == "waiting":
            self._requeue(delivery_id)

    def _requeue(self, delivery_id: int) -> None:
        delivery = outbox.delivery(self.database, delivery_id)
        if delivery is not None:
            with self._condition:
                self._queue.push(delivery, time.time())


def _state_after(delivery: sqlite3.Row, status: int | None) -> str:
    """Return the state of a delivery after an attempt that got this HTTP status, or none."""
    if status is not None and 200 <= status < 300:
        return "delivered"
    if status == 401:
        return "refused"
    return "given_up" if delivery["tries"] + 1 >= _max_tries(delivery) else "waiting"


def _max_tries(delivery: sqlite3.Row) -> int:
    """Return how often a delivery is tried."""
    return 1 if delivery["fault"] == "forged" else MAX_TRIES_BY_EVENT.get(delivery["event"], MAX_TRIES)
