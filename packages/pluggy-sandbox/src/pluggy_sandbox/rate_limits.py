"""Pluggy's rate limits: one counter for each endpoint and address. Off by default."""

import math
import threading
import time
from dataclasses import dataclass, field
from typing import Any

STANDARD_ENDPOINTS = (  # Pluggy documents limits for these and for PATCH_ENDPOINT only
    "POST /auth",
    "GET /accounts",
    "GET /accounts/<account_id>",
    "GET /v2/transactions",
    "GET /transactions/<transaction_id>",
    "GET /investments",
    "GET /investments/<investment_id>",
    "GET /investments/<investment_id>/transactions",
)
PATCH_ENDPOINT = "PATCH /items/<item_id>"
DOCUMENTED_LIMITS = {"per_minute": 360, "patch_per_minute": 20, "seconds": 60.0}


@dataclass(frozen=True)
class LimitState:
    """The current window of one caller at one endpoint."""

    limit: int
    used: int
    seconds_left: int

    def headers(self) -> dict[str, str]:
        """Return the headers that each limited answer carries."""
        values = {
            "Limit": self.limit,
            "Remaining": max(0, self.limit - self.used),
            "Reset": self.seconds_left,
        }
        return {f"RateLimit-{name}": str(value) for name, value in values.items()}


@dataclass
class Limits:
    """The counters; nothing is limited unless `enabled`."""

    enabled: bool = False
    per_minute: int = 360
    patch_per_minute: int = 20
    seconds: float = 60.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _windows: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)

    def configure(self, enabled: bool, **changes: Any) -> None:
        """Switch the limits on or off and start counting again. Values that are not given are Pluggy's."""
        with self._lock:
            self.enabled = enabled
            self._windows.clear()
            for name, value in (DOCUMENTED_LIMITS | changes).items():
                setattr(self, name, value)

    def count(self, endpoint: str, address: str) -> LimitState | None:
        """Count a request; return None if its endpoint has no limit."""
        limit = self.patch_per_minute if endpoint == PATCH_ENDPOINT else self.per_minute
        if not self.enabled or (endpoint != PATCH_ENDPOINT and endpoint not in STANDARD_ENDPOINTS):
            return None
        with self._lock:
            now = time.monotonic()
            started, used = self._windows.get((endpoint, address), (now, 0))
            if now >= started + self.seconds:
                started, used = now, 0
            self._windows[endpoint, address] = (started, used + 1)
        return LimitState(limit, used + 1, max(1, math.ceil(started + self.seconds - now)))
