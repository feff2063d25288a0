"""The faulty door: a WSGI layer in front of the API that answers late, wrongly, partly or not at all."""

import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from werkzeug.test import run_wsgi_app

from dev.sandbox.faults.answers import Answer, altered, drops, instead
from dev.sandbox.faults.rules import Fault, Faults

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
SPARED = ("/_control", "/static/", "/connect/")
LINGER_NOT = struct.pack("ii", 1, 0)  # close with a reset instead of a goodbye


class Surprise(Protocol):
    """Changes the world between two pages: what the page would show, and so what is true, is another."""

    def __call__(self, kind: str, query: str, page: bytes) -> None:
        """Let a row appear in or vanish from the account of a page that is about to be served."""


class FaultyDoor:
    """Lets the switched-on faults happen."""

    def __init__(self, application: Application, faults: Faults, surprise: Surprise) -> None:
        self.application, self.faults, self.surprise = application, faults, surprise

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        if path == "/" or path.startswith(SPARED):
            return self.application(environ, start)
        whole = f"{path}?{query}" if query else path
        fault = self.faults.strike(environ["REQUEST_METHOD"], whole)
        if fault is None:
            return self.application(environ, start)
        return self._happen(fault, whole, environ, start)

    def _happen(self, fault: Fault, path: str, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        query = environ.get("QUERY_STRING", "")
        if fault.kind == "latency":
            time.sleep(fault.seconds)
            return self.application(environ, start)
        if fault.kind in ("row-appears", "row-vanishes"):
            self.surprise(fault.kind, query, self._ask(environ).body)
            return self.application(environ, start)
        if fault.kind in ("truncate", "loop", "missing-account", "no-consent"):
            return _give(altered(fault, self._ask(environ), query), start)
        if fault.kind == "drip":
            return _drip(self._ask(environ), fault.seconds, start)
        if fault.kind == "slow-headers":
            return _whisper(self._ask(environ), fault.seconds, environ)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if fault.kind == "reset":
            return _reset(environ)
        return _give(instead(fault, path), start)

    def _ask(self, environ: Environ) -> Answer:
        pieces, status, headers = run_wsgi_app(self.application, environ, buffered=True)
        return Answer(status, list(headers), b"".join(pieces))


def _give(answer: Answer, start: StartResponse) -> list[bytes]:
    start(answer.status, answer.headers)
    return [answer.body]


def _drip(answer: Answer, seconds: float, start: StartResponse) -> Iterator[bytes]:
    start(answer.status, answer.headers)
    for piece, wait in drops(answer.body, seconds):
        time.sleep(wait)
        yield piece


def _whisper(answer: Answer, seconds: float, environ: Environ) -> Iterable[bytes]:
    """Send the head slowly and the body at once, past the server, then hang up."""
    connection: socket.socket = environ["werkzeug.socket"]
    lines = [f"HTTP/1.1 {answer.status}", *(f"{name}: {value}" for name, value in answer.headers)]
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode()
    for piece, wait in drops(head, seconds):
        time.sleep(wait)
        connection.sendall(piece)
    connection.sendall(answer.body)
    connection.shutdown(socket.SHUT_WR)
    raise ConnectionResetError("the answer has been given past the server")


def _reset(environ: Environ) -> Iterable[bytes]:
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("reset on request of the control room")
