"""Raw TCP servers that answer HTTP in ways that no decent server would."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Handler = Callable[[socket.socket, bytes], None]
KEY = b'{"apiKey":"a-key"}'


def http(body: bytes = b"{}", status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def drip(peer: socket.socket, text: bytes, *, every: float = 0.1) -> None:
    """A byte now and then; each of them in time, the whole never."""
    for place in range(len(text)):
        peer.sendall(text[place : place + 1])
        time.sleep(every)


def whole(peer: socket.socket) -> bytes:
    """The request with its body: what is left unread would become a reset."""
    request = b""
    while b"\r\n\r\n" not in request:
        if not (part := peer.recv(65536)):
            return request
        request += part
    head, _, body = request.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)content-length: (\d+)", head)
    while found and len(body) < int(found[1]):
        body += peer.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def serving(handler: Handler, *, tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """Its address, and the heads of the requests so far. /auth always gives a key, at once."""
    seen: list[bytes] = []

    def answer(peer: socket.socket) -> None:
        with suppress(OSError), peer if tls is None else tls.wrap_socket(peer, server_side=True) as spoken:
            request = whole(spoken)
            seen.append(request)
            if request.startswith(b"POST /auth"):
                spoken.sendall(http(KEY))
            else:
                handler(spoken, request)

    def accept() -> None:
        with suppress(OSError):
            while True:
                peer, _ = listener.accept()
                threading.Thread(target=answer, args=[peer], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        scheme = "http" if tls is None else "https"
        yield f"{scheme}://localhost:{listener.getsockname()[1]}", seen
        listener.shutdown(socket.SHUT_RDWR)
