"""The dispatcher's queue in memory, with a lane for each address.

Taking the next is fast however many wait.
"""

import heapq
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field

MAX_SLEEP = 5.0  # seconds after which a sleeping worker checks again
QueueEntry = tuple[float, int]  # position in the lane, and delivery id


@dataclass
class DeliveryQueue:
    """The ids of waiting deliveries. The caller must hold a lock."""

    ordered: bool = True  # one delivery at a time for each address
    _lanes: dict[str, list[QueueEntry]] = field(default_factory=lambda: defaultdict(list))
    _ready: dict[str, None] = field(default_factory=dict)  # lanes with a delivery to take, in turn
    _busy: set[str] = field(default_factory=set)
    _delayed: list[tuple[float, QueueEntry, str]] = field(default_factory=list)
    # Reordered deliveries, which wait for the next one of their address.
    _swapped: dict[str, QueueEntry] = field(default_factory=dict)

    def clear(self) -> None:
        """Empty the queue; deliveries in progress are not affected."""
        for waiting in (self._lanes, self._ready, self._delayed, self._swapped):
            waiting.clear()

    def push(self, delivery: sqlite3.Row, now: float) -> None:
        """Add a delivery to its lane, or to the delayed ones until it is due."""
        entry, lane = (float(delivery["position"]), delivery["id"]), lane_of(delivery)
        if delivery["due_at"] > now:
            heapq.heappush(self._delayed, (delivery["due_at"], entry, lane))
            if delivery["fault"] == "reordered" and not delivery["tries"]:
                self._swapped[lane] = entry
            return
        self._enqueue(lane, entry)
        if lane in self._swapped:
            self._enqueue(lane, (entry[0] + 0.5, self._swapped.pop(lane)[1]))

    @property
    def has_ready(self) -> bool:
        """Return whether another delivery can be taken now."""
        return bool(self._ready)

    def take(self, now: float) -> tuple[str, int] | None:
        """Return a lane and the delivery to send; the caller must call `done` for the lane afterwards."""
        while self._delayed and self._delayed[0][0] <= now:
            _, entry, lane = heapq.heappop(self._delayed)
            if self._swapped.get(lane) == entry:
                del self._swapped[lane]
            self._enqueue(lane, entry)
        if not self._ready:
            return None
        lane = next(iter(self._ready))
        del self._ready[lane]
        _, delivery_id = heapq.heappop(self._lanes[lane])
        if self.ordered:
            self._busy.add(lane)
        else:
            self.done(lane)
        return lane, delivery_id

    def done(self, lane: str) -> None:
        """Make the lane available again."""
        self._busy.discard(lane)
        if self._lanes[lane]:
            self._ready[lane] = None
        else:
            del self._lanes[lane]

    def seconds_until_due(self, now: float) -> float:
        """Return the seconds until a delayed delivery is due, at most MAX_SLEEP."""
        return min(MAX_SLEEP, max(0.0, self._delayed[0][0] - now)) if self._delayed else MAX_SLEEP

    def _enqueue(self, lane: str, entry: QueueEntry) -> None:
        heapq.heappush(self._lanes[lane], entry)
        if lane not in self._busy:
            self._ready[lane] = None


def lane_of(delivery: sqlite3.Row) -> str:
    """Return the lane of a delivery: its address.

    The copy of a doubled delivery has its own lane, so that both arrive at once.
    """
    return f"{delivery['url']} copy" if delivery["fault"] == "doubled" else str(delivery["url"])
