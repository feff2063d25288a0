"""Faults on request: a layer in front of the API that answers late, wrongly, partly or not at all."""

import json
import re
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

Json = dict[str, Any]
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
KINDS = ("latency", "status", "limited", "truncate", "html", "empty", "reset")
SPARED = ("/_control", "/static/", "/connect/")
LINGER_NOT = struct.pack("ii", 1, 0)  # close with a reset instead of a goodbye


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
        re.compile(self.path)

    def concerns(self, method: str, path: str) -> bool:
        """Whether a request is of the kind that is to fail."""
        wanted = self.method is None or self.method.upper() == method
        return wanted and re.search(self.path, path) is not None


class Faults:
    """The faults now switched on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Switch one on."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Switch all off."""
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[Json]:
        """What is switched on, with how often it struck."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

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
                return fault
        return None


class FaultyDoor:
    """WSGI layer that lets the switched-on faults happen."""

    def __init__(self, application: Callable[..., Iterable[bytes]], faults: Faults) -> None:
        self.application, self.faults = application, faults

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/" or path.startswith(SPARED):
            return self.application(environ, start)
        query = environ.get("QUERY_STRING")
        fault = self.faults.strike(environ["REQUEST_METHOD"], f"{path}?{query}" if query else path)
        if fault is None:
            return self.application(environ, start)
        if fault.kind == "latency":
            time.sleep(fault.seconds)
            return self.application(environ, start)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if fault.kind == "reset":
            return _reset(environ)
        if fault.kind == "truncate":
            return self._truncate(environ, start)
        return _answer(fault, start)

    def _truncate(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        kept: list[Any] = []
        body = b"".join(self.application(environ, lambda *head: kept.append(head)))
        half = body[: len(body) // 2]
        headers = [(name, value) for name, value in kept[0][1] if name.lower() != "content-length"]
        start(kept[0][0], [*headers, ("Content-Length", str(len(half)))])
        return [half]


def _reset(environ: Environ) -> Iterable[bytes]:
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("reset on request of the control room")


def _answer(fault: Fault, start: StartResponse) -> Iterable[bytes]:
    status, kind, extra = fault.status or 500, "application/json", []
    body = _said(fault.body, status).encode()
    if fault.kind == "limited":
        status, wait = 429, str(max(1, round(fault.seconds)))
        body, extra = json.dumps(_too_many()).encode(), [("Retry-After", wait), ("RateLimit-Reset", wait)]
        extra += [("RateLimit-Limit", "360"), ("RateLimit-Remaining", "0")]
    elif fault.kind == "html":
        status, kind = fault.status or 200, "text/html"
        body = b"<html><body><h1>Not what you asked for</h1><p>local Pluggy, not Pluggy</p></body></html>"
    elif fault.kind == "empty":
        status, body = fault.status or 200, b""
    start(f"{status} Fault", [("Content-Type", kind), ("Content-Length", str(len(body))), *extra])
    return [body]


def _said(body: Json | str | None, status: int) -> str:
    return body if isinstance(body, str) else json.dumps(body or _envelope(status))


def _envelope(status: int) -> Json:
    if status == 500:
        return {"code": 500, "codeDescription": "INTERNAL_SERVER_ERROR", "message": "Internal Server Error"}
    return {"code": status, "message": "Fault switched on in the control room"}


def _too_many() -> Json:
    message = "Too many requests. Please try again later (see Retry-After header in seconds)"
    return {"code": 429, "message": message}
