"""The courier: delivers queued events, one at a time per address, and tries again as Pluggy does."""

import json
import sqlite3
import threading
import time
from typing import Any

import requests

from dev.sandbox.clock import Clock, iso
from dev.sandbox.settings import Settings
from dev.sandbox.store import outbox
from dev.sandbox.store.database import Database

Json = dict[str, Any]
ANSWER_WITHIN = 10.0
CARRIERS = 4
MINUTES_15, HOURS_2 = 900.0, 7200.0
# seconds to wait after the 1st, 2nd, ... failed try: three at once, three later, three much later
WAITS = (0.0, 0.0, MINUTES_15, 0.0, 0.0, HOURS_2, 0.0, 0.0)
FEW_TRIES = {"item/login_succeeded": 3}


class Courier:
    """Carrier threads share one queue in the database, so that a restart loses nothing."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self.database, self.clock, self.settings = database, clock, settings
        self.held = False
        self._bell = threading.Condition()
        self._busy: set[str] = set()
        self._rung = 0
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
        """Something new is in the queue."""
        with self._bell:
            self._rung += 1
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
            self.held = False
        self.ring()

    def _carry(self) -> None:
        while not self._stopping:
            with self._bell:
                rung = self._rung
            delivery, wait = self._take()
            if delivery is None:
                with self._bell:
                    if self._rung == rung and not self._stopping:
                        self._bell.wait(wait)
                continue
            try:
                self._deliver(delivery)
            finally:
                with self._bell:
                    self._busy.discard(delivery["url"])
                self.ring()

    def _take(self) -> tuple[sqlite3.Row | None, float]:
        """The next due delivery whose address is free, else how long to sleep."""
        now, wait = time.time(), 5.0
        waiting = outbox.waiting(self.database)
        with self._bell:
            if self.held:
                return None, wait
            for delivery in waiting:
                if delivery["url"] in self._busy:
                    continue
                if delivery["due_at"] > now:
                    wait = min(wait, delivery["due_at"] - now)
                    continue
                if self._still_waiting(delivery):
                    self._busy.add(delivery["url"])
                    return delivery, 0.0
        return None, wait

    def _still_waiting(self, delivery: sqlite3.Row) -> bool:
        """Another carrier may have settled it, or it was reset, since the queue was read."""
        found = self.database.row("SELECT state, tries FROM deliveries WHERE id = ?", delivery["id"])
        return bool(found and found["state"] == "waiting" and found["tries"] == delivery["tries"])

    def _deliver(self, delivery: sqlite3.Row) -> None:
        attempt = self._post(delivery)
        tries, status = delivery["tries"] + 1, attempt["status"]
        state, due_at = "waiting", 0.0
        if status is not None and 200 <= status < 300:
            state = "delivered"
        elif status == 401:
            state = "refused"
        elif tries >= FEW_TRIES.get(delivery["event"], len(WAITS) + 1):
            state = "given_up"
        else:
            due_at = time.time() + self.settings.scaled(WAITS[tries - 1])
        outbox.settle(self.database, delivery["id"], state=state, due_at=due_at, attempt=attempt)

    def _post(self, delivery: sqlite3.Row) -> Json:
        """One attempt: what the receiver answered, or why there was no answer."""
        started, status, error = time.monotonic(), None, None
        headers = {"Content-Type": "application/json"} | json.loads(delivery["headers"])
        try:
            answer = requests.post(
                delivery["url"], data=delivery["payload"].encode(), headers=headers,
                timeout=ANSWER_WITHIN, allow_redirects=False,
            )  # fmt: skip
            status = answer.status_code
        except requests.RequestException as problem:
            error = type(problem).__name__
        took = round((time.monotonic() - started) * 1000)
        return {"at": iso(self.clock.now()), "status": status, "error": error, "milliseconds": took}
