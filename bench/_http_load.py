"""Send HTTP requests over keep-alive connections, as fast as possible or at a fixed rate.

The caller runs `send` in a process of its own, so that it takes no time from the measured server.
"""

import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

CONNECTIONS = 16
TIMEOUT = 30.0  # seconds


@dataclass(frozen=True)
class Response:
    """Record one response and its times in seconds."""

    event_id: UUID
    status: int
    finished_at: float  # since the start of the burst
    duration: float  # since the request was due, so that waiting for a free connection counts


def send(port: int, requests: list[tuple[UUID, bytes]], per_second: float = 0) -> list[Response]:
    """Send all requests over 16 connections and return the responses.

    With `per_second`, each request has a fixed start time, even when earlier responses are late.
    """
    started = time.perf_counter()
    start_times = (started + number / per_second if per_second else 0.0 for number in range(len(requests)))
    pending = _SharedIterator(zip(requests, start_times, strict=True))
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        per_connection = pool.map(lambda _: _send_pending(port, pending, started), range(CONNECTIONS))
        return [response for responses in per_connection for response in responses]


class _SharedIterator:
    """Let several threads take items from one iterator."""

    def __init__(self, iterator: Iterator[tuple[tuple[UUID, bytes], float]]) -> None:
        self.iterator, self.lock = iterator, Lock()

    def __iter__(self) -> Iterator[tuple[tuple[UUID, bytes], float]]:
        while True:
            with self.lock:
                item = next(self.iterator, None)
            if item is None:
                return
            yield item


def _send_pending(port: int, pending: _SharedIterator, started: float) -> list[Response]:
    responses = []
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
        for (event_id, request), start_time in pending:
            time.sleep(max(0.0, start_time - time.perf_counter()))
            due = start_time or time.perf_counter()
            connection.sendall(request)
            status = _read_status(connection)
            now = time.perf_counter()
            responses.append(Response(event_id, status, now - started, now - due))
    return responses


def _read_status(connection: socket.socket) -> int:
    """Read one response to its end and return its status code."""
    text = b""
    while b"\r\n\r\n" not in text:
        chunk = connection.recv(65536)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        text += chunk
    head, _, body = text.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    rest = (int(length[1]) if length else 0) - len(body)
    while rest > 0:
        rest -= len(connection.recv(rest))
    return int(head.split(b" ", 2)[1])
