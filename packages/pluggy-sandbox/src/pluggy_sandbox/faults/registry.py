"""The API faults that are on, one by one or at random, and the requests that they match."""

import re
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from dataclasses import field as dataclass_field
from typing import Any

from pluggy_sandbox.faults.random_faults import RandomFaults

Json = dict[str, Any]
PRODUCT_LISTS = r"^/(bills|loans|investments|identity|consents)\b|^/accounts/[^/]+/statements"
# kind → method (None: any) and path?query of the requests to which it can apply
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
    "id-reused": ("GET", r"^/v2/transactions\?"),
    "bank-words": ("GET", r"^/v2/transactions\?"),
    "product-refused": ("GET", PRODUCT_LISTS),
    "open-finance-limit": ("GET", PRODUCT_LISTS),
    "odd-field": (
        "GET",
        r"^/(v2/)?(accounts|transactions|bills|investments|loans|identity|consents|items)\b",
    ),
}
KINDS = tuple(SCOPES)
DEFAULT_RANDOM_KINDS = (
    "latency",
    "status",
    "limited",
    "truncate",
    "html",
    "empty",
    "reset",
    "drip",
    "expired-key",
)
RANDOM_STATUSES = (500, 502, 503)  # the statuses of random `status` faults, in turn
RANDOM_SECONDS = 0.5  # the duration of random faults


@dataclass
class Fault:
    """One fault: which requests it matches, what happens, and how often."""

    kind: str
    path: str = ".*"
    method: str | None = None
    status: int | None = None
    body: Json | str | None = None  # a text is sent unchanged, so it may be broken JSON
    field: str | None = None  # of odd-field: a name, or a path with dots; None: optional fields in turn
    value: Any = None  # of odd-field: what the field becomes
    seconds: float = 1.0
    times: int | None = 1
    skip: int = 0
    id: str = dataclass_field(default_factory=lambda: str(uuid.uuid4()))
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        check_pattern(self.path, "path")
        if self.field is not None and not isinstance(self.field, str):
            raise ValueError("field must be a name, or a path with dots")
        check_numbers(seconds=self.seconds, times=self.times, skip=self.skip, status=self.status)

    def matches(self, method: str, path: str) -> bool:
        """Return whether the fault is meant for this request."""
        method_matches = self.method is None or self.method.upper() == method
        return (
            method_matches
            and re.search(self.path, path) is not None
            and is_applicable(self.kind, method, path)
        )


class FaultRegistry:
    """The faults that are on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._random: RandomFaults | None = None
        self._paths = ""
        # The ids of transactions that were sent with an odd field, by the fault; None: a random one.
        self._odd_ids: dict[str | None, set[str]] = defaultdict(set)

    def add(self, fault: Fault) -> None:
        """Switch a fault on."""
        with self._lock:
            self._faults.append(fault)

    def remove(self, fault_id: str) -> bool:
        """Switch a fault off; return whether it was on."""
        with self._lock:
            before = len(self._faults)
            self._faults = [fault for fault in self._faults if fault.id != fault_id]
            return len(self._faults) < before

    def clear(self) -> None:
        """Switch off all faults that were switched on one by one."""
        with self._lock:
            self._faults.clear()

    def set_random(self, random_faults: RandomFaults | None, paths: str = "") -> None:
        """Start random faults for requests that match a pattern, or end them (None)."""
        with self._lock:
            self._random, self._paths = random_faults, paths

    def note_odd(self, fault: Fault, transaction_ids: Iterable[str]) -> None:
        """Remember the transactions that a fault has sent with an odd field."""
        with self._lock:
            is_random = all(active.id != fault.id for active in self._faults)
            self._odd_ids[None if is_random else fault.id].update(transaction_ids)

    def take_corrected(self) -> list[str]:
        """Return, once, the transactions that are sent right again because the odd-field faults ended."""
        with self._lock:
            active = {fault.id for fault in self._faults if fault.times != 0}
            ended = [
                fault_id
                for fault_id in self._odd_ids
                if (self._random is None if fault_id is None else fault_id not in active)
            ]
            return sorted(set().union(*(self._odd_ids.pop(fault_id) for fault_id in ended)))

    def active(self) -> list[Json]:
        """Return the faults as JSON, with the number of requests that each has affected."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def random_summary(self) -> Json | None:
        """Return what the random faults have done so far."""
        with self._lock:
            return self._random.summary() | {"paths": self._paths} if self._random else None

    def pick(self, method: str, path: str) -> Fault | None:
        """Return the fault for this request, and count it."""
        with self._lock:
            for fault in self._faults:
                if not fault.matches(method, path) or fault.times == 0:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.hits += 1
                if fault.times is not None:
                    fault.times -= 1
                return replace(fault)
            return self._pick_at_random(method, path)

    def _pick_at_random(self, method: str, path: str) -> Fault | None:
        if self._random is None or not re.search(self._paths, path):
            return None
        applicable = tuple(kind for kind in KINDS if is_applicable(kind, method, path))
        kind = self._random.draw(applicable, f"{method} {path}")
        status = (
            RANDOM_STATUSES[self._random.decision_count % len(RANDOM_STATUSES)] if kind == "status" else None
        )
        if kind is None:
            return None
        return Fault(kind, seconds=RANDOM_SECONDS, status=status, hits=self._random.decision_count)


def is_applicable(kind: str, method: str, path: str) -> bool:
    """Return whether a fault of this kind can happen to the request."""
    required_method, pattern = SCOPES[kind]
    return required_method in (None, method) and re.search(pattern, path) is not None


def check_numbers(**values: object) -> None:
    """Raise ValueError unless each value is None or a number that is not negative."""
    for name, value in values.items():
        if value is not None and (not isinstance(value, int | float) or value < 0):
            raise ValueError(f"{name} must be a number from 0 on")


def check_pattern(pattern: str, name: str) -> None:
    """Raise ValueError unless the pattern is a regular expression."""
    try:
        re.compile(pattern)
    except (re.error, TypeError) as error:
        raise ValueError(f"{name} is not a regular expression: {error}") from error
