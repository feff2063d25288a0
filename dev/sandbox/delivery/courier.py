"""The courier: carriers deliver queued events, in order per address, and try again as Pluggy does."""

import sqlite3
import threading
import time
from typing import Any

from dev.sandbox.clock import Clock
from dev.sandbox.delivery.post import Post
from dev.sandbox.delivery.queue import Queue
from dev.sandbox.settings import Settings
from dev.sandbox.store import outbox
from dev.sandbox.store.database import Database

Json = dict[str, Any]
CARRIERS = 8
MINUTES_15, HOURS_2 = 900.0, 7200.0
# seconds to wait after the 1st, 2nd, ... failed try: three at once, three later, three much later
WAITS = (0.0, 0.0, MINUTES_15, 0.0, 0.0, HOURS_2, 0.0, 0.0)
MOST_TRIES = len(WAITS) + 1
FEW_TRIES = {"item/login_succeeded": 3}


class Courier:
    """Carrier threads share one queue; the database has it too, so that a restart loses nothing."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self.database, self.clock, self.settings = database, clock, settings
        self.held = False
        self._bell = threading.Condition()
        self._queue = Queue(ordered=not settings.unordered_deliveries)
        self._seen = 0  # the newest delivery that was put into the queue
        self._rung = True
        self._stopping = False

    def start(self) -> None:
        """Start the carriers."""
        for number in range(CARRIERS):
            threading.Thread(target=self._carry, name=f"carrier-{number}", daemon=True).start()

    def stop(self) -> None:
        """Let the carriers end after what they hold."""
        with self._bell:
            self._stopping = True
            self._bell.notify_all()

    def ring(self) -> None:
        """Something new is in the outbox."""
        with self._bell:
            self._rung = True
            self._bell.notify_all()

    def hold(self) -> None:
        """Deliver nothing until `release`."""
        with self._bell:
            self.held = True

    def release(self, order: list[int] | None = None) -> None:
        """Deliver again, optionally in another order of delivery ids."""
        if order:
            outbox.reorder(self.database, order)
        with self._bell:
            self._queue.clear()
            self._seen, self.held = 0, False
        self.ring()

    def _carry(self) -> None:
        post = Post(self.clock, self.settings)
        while (taken := self._take()) is not None:
            lane, delivery_id = taken
            try:
                self._deliver(post, delivery_id)
            finally:
                with self._bell:
                    self._queue.done(lane)

    def _take(self) -> tuple[str, int] | None:
        """The next delivery and its lane, waited for; None when it is time to stop."""
        with self._bell:
            while not self._stopping:
                now = time.time()
                self._refill(now)
                taken = None if self.held else self._queue.take(now)
                if taken:
                    return taken
                self._bell.wait(self._queue.sleep(now))
        return None

    def _refill(self, now: float) -> None:
        """Queue what was stored since the last look."""
        if not self._rung:
            return
        self._rung = False
        for row in outbox.waiting(self.database, beyond=self._seen):
            self._queue.push(row, now)
            self._seen = max(self._seen, row["id"])

    def _deliver(self, post: Post, delivery_id: int) -> None:
        row = outbox.delivery(self.database, delivery_id)
        if row is None:
            return  # settled, dropped or reset meanwhile
        if row["due_at"] > time.time() and row["tries"]:
            return self._again(delivery_id)
        attempt = post.deliver(row)
        state = _state(row, attempt["status"])
        wait = WAITS[row["tries"]] if state == "waiting" else 0.0
        due_at = time.time() + self.settings.scaled(wait)
        outbox.settle(
            self.database, row, state=state, due_at=due_at, attempt=attempt, counts=_tries(row) == MOST_TRIES
        )  # fmt: skip
        if state == "waiting":
            self._again(delivery_id)

    def _again(self, delivery_id: int) -> None:
        row = outbox.delivery(self.database, delivery_id)
        if row is not None:
            with self._bell:
                self._queue.push(row, time.time())


def _state(row: sqlite3.Row, status: int | None) -> str:
    """What becomes of a delivery that was answered with a status, or not at all."""
    if status is not None and 200 <= status < 300:
        return "delivered"
    if status == 401:
        return "refused"
    return "given_up" if row["tries"] + 1 >= _tries(row) else "waiting"


def _tries(row: sqlite3.Row) -> int:
    """How often a delivery is tried; only those tried to the end count against a webhook."""
    return 1 if row["fault"] == "forged" else FEW_TRIES.get(row["event"], MOST_TRIES)
