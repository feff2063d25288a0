"""The courier's queue in memory: a lane per address; taking the next costs the same however many wait."""

import heapq
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field

AT_MOST = 5.0  # seconds a carrier sleeps before it looks again
Place = tuple[float, int]  # where a delivery stands in its lane, and its id


@dataclass
class Queue:
    """Ids of waiting deliveries; the rest is read when their turn comes. Guard it with a lock."""

    ordered: bool = True  # one at a time per address
    _lanes: dict[str, list[Place]] = field(default_factory=lambda: defaultdict(list))
    _free: dict[str, None] = field(default_factory=dict)  # lanes with something to take, in turn
    _busy: set[str] = field(default_factory=set)
    _later: list[tuple[float, Place, str]] = field(default_factory=list)
    _swapped: dict[str, Place] = field(default_factory=dict)  # waits for the next one of its address

    def clear(self) -> None:
        """Forget what waits; what is being carried is not touched."""
        for waiting in (self._lanes, self._free, self._later, self._swapped):
            waiting.clear()

    def push(self, row: sqlite3.Row, now: float) -> None:
        """Put a delivery into its lane, or aside until it is due."""
        place, lane = (float(row["position"]), row["id"]), lane_of(row)
        if row["due_at"] > now:
            heapq.heappush(self._later, (row["due_at"], place, lane))
            if row["fault"] == "reordered" and not row["tries"]:
                self._swapped[lane] = place
            return
        self._enter(lane, place)
        if lane in self._swapped:
            self._enter(lane, (place[0] + 0.5, self._swapped.pop(lane)[1]))

    def take(self, now: float) -> tuple[str, int] | None:
        """A lane and the delivery to carry; give the lane back with `done`."""
        while self._later and self._later[0][0] <= now:
            _, place, lane = heapq.heappop(self._later)
            if self._swapped.get(lane) == place:
                del self._swapped[lane]
            self._enter(lane, place)
        if not self._free:
            return None
        lane = next(iter(self._free))
        del self._free[lane]
        _, delivery_id = heapq.heappop(self._lanes[lane])
        if self.ordered:
            self._busy.add(lane)
        else:
            self.done(lane)
        return lane, delivery_id

    def done(self, lane: str) -> None:
        """The lane may be served again."""
        self._busy.discard(lane)
        if self._lanes[lane]:
            self._free[lane] = None
        else:
            del self._lanes[lane]

    def sleep(self, now: float) -> float:
        """Seconds until something falls due."""
        return min(AT_MOST, max(0.0, self._later[0][0] - now)) if self._later else AT_MOST

    def _enter(self, lane: str, place: Place) -> None:
        heapq.heappush(self._lanes[lane], place)
        if lane not in self._busy:
            self._free[lane] = None


def lane_of(row: sqlite3.Row) -> str:
    """The address; the twin of a doubled delivery goes beside it, so that both arrive at once."""
    return f"{row['url']} twin" if row["fault"] == "doubled" else str(row["url"])
