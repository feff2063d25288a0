"""The log of API requests, in memory: what an application has asked for, and what was only its widget's doing."""

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import jwt

MAX_REQUESTS = 20_000  # older ones are forgotten


@dataclass(frozen=True)
class LoggedRequest:
    """One request to the API. A fault may have answered it."""

    method: str
    path: str
    query: str
    caller: str  # the kind of its key: "api" or "connect"; empty without a readable one


class RequestLog:
    """The latest requests, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[LoggedRequest] = deque(maxlen=MAX_REQUESTS)

    def add(self, method: str, path: str, query: str, key: str) -> None:
        """Log a request with its key, of which only the kind is kept."""
        with self._lock:
            self._requests.append(LoggedRequest(method, path, query, _kind(key)))

    def entries(self) -> list[dict[str, Any]]:
        """Return the requests as JSON."""
        with self._lock:
            return [asdict(request) for request in self._requests]

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._requests.clear()


def _kind(key: str) -> str:
    """Return the kind of a key, valid or not."""
    try:
        claims = jwt.decode(key, options={"verify_signature": False})
    except jwt.PyJWTError:
        return ""
    return str(claims.get("kind", ""))
