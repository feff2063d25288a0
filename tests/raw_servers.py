"""Raw TCP servers that send slow, broken or incomplete HTTP responses."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Handler = Callable[[socket.socket, bytes], None]
KEY = b'{"apiKey":"a-key"}'


def http_response(body: bytes = b"{}", status: str = "200 OK", **headers: str) -> bytes:
    """Return an HTTP response as bytes. An underscore in the name of a header stands for a hyphen."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def send_slowly(peer: socket.socket, text: bytes, *, every: float = 0.1) -> None:
    """Send one byte every `every` seconds: no byte is late, but the whole text takes long."""
    for index in range(len(text)):
        peer.sendall(text[index : index + 1])
        time.sleep(every)


def read_request(peer: socket.socket) -> bytes:
    """Return the request with its body. If a body is left unread, closing the socket resets the connection."""
    request = b""
    while b"\r\n\r\n" not in request:
        if not (received := peer.recv(65536)):
            return request
        request += received
    head, _, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += peer.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def raw_server(handler: Handler, *, tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the URL of a server and the list of its requests so far. POST /auth returns a key at once."""
    requests: list[bytes] = []

    def answer(peer: socket.socket) -> None:
        with (
            suppress(OSError),
            peer if tls is None else tls.wrap_socket(peer, server_side=True) as connection,
        ):
            request = read_request(connection)
            requests.append(request)
            if request.startswith(b"POST /auth"):
                connection.sendall(http_response(KEY))
            else:
                handler(connection, request)

    def accept() -> None:
        with suppress(OSError):
            while True:
                peer, _ = listener.accept()
                threading.Thread(target=answer, args=[peer], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        scheme = "http" if tls is None else "https"
        yield f"{scheme}://localhost:{listener.getsockname()[1]}", requests
        listener.shutdown(socket.SHUT_RDWR)
