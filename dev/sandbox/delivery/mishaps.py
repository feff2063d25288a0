"""Mishaps of events on request: lost, doubled, delayed, reordered or forged before the courier has them."""

import re
import threading
import time
import uuid
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from dev.sandbox.faults.chaos import Dice
from dev.sandbox.faults.rules import check_numbers, check_pattern
from dev.sandbox.store.outbox import Target

Json = dict[str, Any]
KINDS = ("lost", "doubled", "delayed", "reordered", "forged")
VARIANTS = ("client", "item", "secret")  # whose clientId is wrong, an item nobody knows, no secret header


@dataclass
class Mishap:
    """What befalls which events, how often (None: for ever) and, where it waits, how long at most."""

    kind: str
    event: str = ".*"  # regular expression on the event's name
    times: int | None = 1
    seconds: float = 2.0
    variant: str | None = None  # of a forgery; None: each in turn
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        if self.variant not in (None, *VARIANTS):
            raise ValueError(f"variant must be one of {', '.join(VARIANTS)}")
        check_pattern(self.event, "event")
        check_numbers(seconds=self.seconds, times=self.times)

    @property
    def forgery(self) -> str:
        """The variant of this forgery."""
        return self.variant or VARIANTS[(self.hits - 1) % len(VARIANTS)]


class Mishaps:
    """The mishaps now switched on, one by one or at random."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mishaps: list[Mishap] = []
        self._dice: Dice | None = None

    def add(self, mishap: Mishap) -> None:
        """Switch one on."""
        with self._lock:
            self._mishaps.append(mishap)

    def clear(self) -> None:
        """Switch off those switched on one by one."""
        with self._lock:
            self._mishaps.clear()

    def roll(self, dice: Dice | None) -> None:
        """Begin or (None) end mishaps at random."""
        with self._lock:
            self._dice = dice

    def listed(self) -> list[Json]:
        """What is switched on, with how often it struck."""
        with self._lock:
            return [asdict(mishap) for mishap in self._mishaps]

    def rolled(self) -> Json | None:
        """What the dice did so far."""
        with self._lock:
            return self._dice.told() if self._dice else None

    def strike(self, event: str) -> Mishap | None:
        """The mishap that befalls this event, counted."""
        with self._lock:
            for mishap in self._mishaps:
                if mishap.times == 0 or not re.search(mishap.event, event):
                    continue
                mishap.hits += 1
                if mishap.times is not None:
                    mishap.times -= 1
                return replace(mishap)
            kind = self._dice.throw(KINDS, event) if self._dice else None
            return Mishap(kind, hits=self._dice.decided) if kind and self._dice else None


def befall(mishap: Mishap | None, targets: list[Target]) -> list[Target]:
    """The deliveries that remain of those that were meant."""
    if mishap is None or mishap.kind == "forged":
        return targets
    if mishap.kind == "lost":
        return [replace(target, state="lost", fault="lost") for target in targets]
    if mishap.kind == "doubled":
        return [twin for target in targets for twin in (target, replace(target, fault="doubled"))]
    due_at = time.time() + mishap.seconds
    return [replace(target, due_at=due_at, fault=mishap.kind) for target in targets]


def forge(mishap: Mishap, payload: Json, targets: list[Target]) -> tuple[Json, list[Target]]:
    """What somebody else might send who has seen such an event: the false payload and where it goes."""
    variant, event_id = mishap.forgery, str(uuid.uuid4())
    false = payload | {"eventId": event_id}
    if payload.get("id") == payload["eventId"]:
        false["id"] = event_id
    if variant == "client":
        false["clientId"] = str(uuid.uuid4())
    if variant == "item" and "itemId" in payload:
        unknown = str(uuid.uuid4())
        false |= {"itemId": unknown, "id": unknown if payload.get("id") == payload["itemId"] else event_id}
    aimed = [
        replace(target, headers={} if variant == "secret" else target.headers, fault="forged")
        for target in targets
    ]
    return false, aimed
