"""WSGI middleware in front of the API that logs the requests and applies the API faults."""

import re
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from werkzeug.test import run_wsgi_app

from pluggy_sandbox.faults.registry import Fault, FaultRegistry
from pluggy_sandbox.faults.responses import (
    Response,
    altered_response,
    replacement_response,
    slow_chunks,
    transaction_ids,
)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
EXEMPT_PATHS = ("/_control", "/static/", "/connect/")
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: close the connection with a reset


class PageChange(Protocol):
    """A callable that changes an account before a page of its transactions is served."""

    def __call__(self, kind: str, query: str, page: bytes) -> None:
        """Add a transaction to, or delete one from, the account of a page that is about to be served."""


class FaultMiddleware:
    """Applies the faults that are on to matching requests."""

    def __init__(
        self,
        application: Application,
        faults: FaultRegistry,
        change_page: PageChange,
        log: Callable[[str, str, str, str], None],
    ) -> None:
        """Apply `faults` to `application`; `log` gets method, path, query and key of each API request."""
        self.application, self.faults, self.change_page, self.log = application, faults, change_page, log

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        if path == "/" or path.startswith(EXEMPT_PATHS):
            return self.application(environ, start)
        self.log(environ["REQUEST_METHOD"], path, query, environ.get("HTTP_X_API_KEY", ""))
        full_path = f"{path}?{query}" if query else path
        fault = self.faults.pick(environ["REQUEST_METHOD"], full_path)
        if fault is None:
            return self.application(environ, start)
        return self._apply(fault, full_path, environ, start)

    def _apply(self, fault: Fault, path: str, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        query = environ.get("QUERY_STRING", "")
        if fault.kind == "latency":
            time.sleep(fault.seconds)
            return self.application(environ, start)
        if fault.kind in ("row-appears", "row-vanishes", "id-reused", "bank-words"):
            self.change_page(fault.kind, query, self._call_api(environ).body)
            return self.application(environ, start)
        if fault.kind == "odd-field":
            return _respond(self._with_odd_field(fault, path, environ), start)
        if fault.kind in ("truncate", "loop", "missing-account", "no-consent"):
            return _respond(altered_response(fault, self._call_api(environ), query), start)
        if fault.kind == "drip":
            return _respond_slowly(self._call_api(environ), fault.seconds, start)
        if fault.kind == "slow-headers":
            return _send_headers_slowly(self._call_api(environ), fault.seconds, environ)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if fault.kind == "reset":
            return _reset(environ)
        return _respond(replacement_response(fault, path), start)

    def _with_odd_field(self, fault: Fault, path: str, environ: Environ) -> Response:
        """Return the altered response, and remember whose fields it has altered."""
        response, query = self._call_api(environ), environ.get("QUERY_STRING", "")
        if re.match(r"/(v2/)?transactions\b", path):
            self.faults.note_odd(fault, transaction_ids(response))
            self.change_page(
                fault.kind, query, response.body
            )  # reports them if the fault ends with this page
        return altered_response(fault, response, query)

    def _call_api(self, environ: Environ) -> Response:
        chunks, status, headers = run_wsgi_app(self.application, environ, buffered=True)
        return Response(status, list(headers), b"".join(chunks))


def _respond(response: Response, start: StartResponse) -> list[bytes]:
    start(response.status, response.headers)
    return [response.body]


def _respond_slowly(response: Response, seconds: float, start: StartResponse) -> Iterator[bytes]:
    """Send the body in small pieces over the given time."""
    start(response.status, response.headers)
    for chunk, wait in slow_chunks(response.body, seconds):
        time.sleep(wait)
        yield chunk


def _send_headers_slowly(response: Response, seconds: float, environ: Environ) -> Iterable[bytes]:
    """Send the headers slowly over the raw socket, then the body, and close the connection."""
    connection: socket.socket = environ["werkzeug.socket"]
    lines = [f"HTTP/1.1 {response.status}", *(f"{name}: {value}" for name, value in response.headers)]
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode()
    for chunk, wait in slow_chunks(head, seconds):
        time.sleep(wait)
        connection.sendall(chunk)
    connection.sendall(response.body)
    connection.shutdown(socket.SHUT_WR)
    raise ConnectionResetError("the response was sent over the raw socket")


def _reset(environ: Environ) -> Iterable[bytes]:
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("reset on request of the control panel")
