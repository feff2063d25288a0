"""Pluggy's rate limits: counters per minute, endpoint and address; off until asked for."""

import math
import threading
import time
from dataclasses import dataclass, field
from typing import Any

MANY = (  # like FEW, the only endpoints with a documented limit
    "POST /auth",
    "GET /accounts",
    "GET /accounts/<account_id>",
    "GET /v2/transactions",
    "GET /transactions/<transaction_id>",
    "GET /investments",
    "GET /investments/<investment_id>",
    "GET /investments/<investment_id>/transactions",
)
FEW = "PATCH /items/<item_id>"
PLUGGYS = {"per_minute": 360, "patch_per_minute": 20, "seconds": 60.0}


@dataclass(frozen=True)
class State:
    """One caller's minute at one endpoint."""

    limit: int
    used: int
    seconds_left: int

    def headers(self) -> dict[str, str]:
        """The headers each limited answer carries."""
        told = {"Limit": self.limit, "Remaining": max(0, self.limit - self.used), "Reset": self.seconds_left}
        return {f"RateLimit-{name}": str(value) for name, value in told.items()}


@dataclass
class Limits:
    """The counters; `on` is whether anybody is refused."""

    on: bool = False
    per_minute: int = 360
    patch_per_minute: int = 20
    seconds: float = 60.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _windows: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)

    def switch(self, on: bool, **more: Any) -> None:
        """Turn the limits on or off and start counting anew; what is not given is as Pluggy has it."""
        with self._lock:
            self.on = on
            self._windows.clear()
            for name, value in (PLUGGYS | more).items():
                setattr(self, name, value)

    def count(self, endpoint: str, address: str) -> State | None:
        """Count a request; None where nothing is limited."""
        limit = self.patch_per_minute if endpoint == FEW else self.per_minute
        if not self.on or (endpoint != FEW and endpoint not in MANY):
            return None
        with self._lock:
            now = time.monotonic()
            begun, used = self._windows.get((endpoint, address), (now, 0))
            if now >= begun + self.seconds:
                begun, used = now, 0
            self._windows[endpoint, address] = (begun, used + 1)
        return State(limit, used + 1, max(1, math.ceil(begun + self.seconds - now)))
