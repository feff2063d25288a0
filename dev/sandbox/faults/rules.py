"""Which faults are switched on, one by one or at random, and which request each of them takes."""

import re
import threading
import uuid
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from dev.sandbox.faults.chaos import Dice

Json = dict[str, Any]
# kind → the requests it can mean anything to: method and path?query
SCOPES = {
    "latency": (None, ""),
    "status": (None, ""),
    "limited": (None, ""),
    "truncate": (None, ""),
    "html": (None, ""),
    "empty": (None, ""),
    "reset": (None, ""),
    "drip": (None, ""),
    "slow-headers": (None, ""),
    "expired-key": (None, r"^/(?!auth\b)"),
    "wrong-application": (None, r"^/(?!auth\b)"),
    "no-consent": ("GET", ""),
    "missing-account": ("GET", r"^/accounts(\?|$)"),
    "loop": ("GET", r"^/v2/transactions\b"),
    "row-appears": ("GET", r"^/v2/transactions\?.*\bafter="),
    "row-vanishes": ("GET", r"^/v2/transactions\?.*\bafter="),
}
KINDS = tuple(SCOPES)
AT_RANDOM = ("latency", "status", "limited", "truncate", "html", "empty", "reset", "drip", "expired-key")
BROKEN = (500, 502, 503)  # what a status fault at random answers, in turn
SOON = 0.5  # seconds that faults at random take


@dataclass
class Fault:
    """One misbehaviour: which requests, what happens, after how many and how often (None: for ever)."""

    kind: str
    path: str = ".*"
    method: str | None = None
    status: int | None = None
    body: Json | str | None = None  # a text is sent as it is, so that it may be broken JSON
    seconds: float = 1.0
    times: int | None = 1
    skip: int = 0
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        check_pattern(self.path, "path")
        check_numbers(seconds=self.seconds, times=self.times, skip=self.skip, status=self.status)

    def concerns(self, method: str, path: str) -> bool:
        """Whether a request is of the kind that is to fail."""
        wanted = self.method is None or self.method.upper() == method
        return wanted and re.search(self.path, path) is not None and means_something(self.kind, method, path)


class Faults:
    """The faults now switched on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._dice: Dice | None = None
        self._paths = ""

    def add(self, fault: Fault) -> None:
        """Switch one on."""
        with self._lock:
            self._faults.append(fault)

    def remove(self, fault_id: str) -> bool:
        """Switch one off; whether it was on."""
        with self._lock:
            before = len(self._faults)
            self._faults = [fault for fault in self._faults if fault.id != fault_id]
            return len(self._faults) < before

    def clear(self) -> None:
        """Switch off all that were switched on one by one."""
        with self._lock:
            self._faults.clear()

    def roll(self, dice: Dice | None, paths: str = "") -> None:
        """Begin faults at random among the requests of a pattern, or (None) end them."""
        with self._lock:
            self._dice, self._paths = dice, paths

    def listed(self) -> list[Json]:
        """What is switched on, with how often it struck."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def rolled(self) -> Json | None:
        """What the dice did so far."""
        with self._lock:
            return self._dice.told() | {"paths": self._paths} if self._dice else None

    def strike(self, method: str, path: str) -> Fault | None:
        """The fault that takes this request, counted."""
        with self._lock:
            for fault in self._faults:
                if not fault.concerns(method, path) or fault.times == 0:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.hits += 1
                if fault.times is not None:
                    fault.times -= 1
                return replace(fault)
            return self._by_chance(method, path)

    def _by_chance(self, method: str, path: str) -> Fault | None:
        if self._dice is None or not re.search(self._paths, path):
            return None
        possible = tuple(kind for kind in KINDS if means_something(kind, method, path))
        kind = self._dice.throw(possible, f"{method} {path}")
        status = BROKEN[self._dice.decided % len(BROKEN)] if kind == "status" else None
        return Fault(kind, seconds=SOON, status=status) if kind else None


def means_something(kind: str, method: str, path: str) -> bool:
    """Whether a fault of the kind can happen to the request at all."""
    only, pattern = SCOPES[kind]
    return only in (None, method) and re.search(pattern, path) is not None


def check_numbers(**given: object) -> None:
    """ValueError unless each is a number from 0 on, or None."""
    for name, value in given.items():
        if value is not None and (not isinstance(value, int | float) or value < 0):
            raise ValueError(f"{name} must be a number from 0 on")


def check_pattern(pattern: str, name: str) -> None:
    """ValueError unless it is a regular expression."""
    try:
        re.compile(pattern)
    except (re.error, TypeError) as problem:
        raise ValueError(f"{name} is not a regular expression: {problem}") from problem
