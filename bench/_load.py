"""Requests over connections that stay open, from a process of its own: as fast as answered, or at a pace."""

import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

CONNECTIONS = 16
PATIENCE = 30.0  # seconds


@dataclass(frozen=True)
class Answer:
    event_id: UUID
    status: int
    at: float  # seconds since the beginning
    took: float  # seconds, from when the request was to be sent


def send(port: int, requests: list[tuple[UUID, bytes]], per_second: float = 0) -> list[Answer]:
    """All of them, by so many connections. With a pace each has its moment, whoever is late with others."""
    begun = time.perf_counter()
    moments = (begun + number / per_second if per_second else 0.0 for number in range(len(requests)))
    waiting = _Shared(zip(requests, moments, strict=True))
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        sent = pool.map(lambda _: _one_connection(port, waiting, begun), range(CONNECTIONS))
        return [answer for answers in sent for answer in answers]


class _Shared:
    """One iterator of many threads."""

    def __init__(self, rest: Iterator[tuple[tuple[UUID, bytes], float]]) -> None:
        self.rest, self.lock = rest, Lock()

    def __iter__(self) -> Iterator[tuple[tuple[UUID, bytes], float]]:
        while True:
            with self.lock:
                found = next(self.rest, None)
            if found is None:
                return
            yield found


def _one_connection(port: int, waiting: _Shared, begun: float) -> list[Answer]:
    done = []
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as line:
        for (event_id, request), moment in waiting:
            time.sleep(max(0.0, moment - time.perf_counter()))
            from_when = moment or time.perf_counter()
            line.sendall(request)
            status = _status(line)
            now = time.perf_counter()
            done.append(Answer(event_id, status, now - begun, now - from_when))
    return done


def _status(line: socket.socket) -> int:
    """Of an answer that is read to its end."""
    text = b""
    while b"\r\n\r\n" not in text:
        part = line.recv(65536)
        if not part:
            raise ConnectionError("the server closed the connection")
        text += part
    head, _, body = text.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    rest = (int(length[1]) if length else 0) - len(body)
    while rest > 0:
        rest -= len(line.recv(rest))
    return int(head.split(b" ", 2)[1])
