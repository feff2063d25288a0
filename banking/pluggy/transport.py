"""Send HTTP requests to Pluggy: pooled connections, no redirects or proxies, limits on time and size."""

import ssl
import threading
import time
from collections.abc import Mapping
from socket import socket
from typing import Any, NamedTuple

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from banking.pluggy.errors import Unavailable
from banking.pluggy.forks import renew_after_fork

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 3.0, 20.0, 30.0
MAX_BODY = 32 * 1024 * 1024
CHUNK = 64 * 1024
POOL_SIZE = 16  # connections that are kept; more threads at once only open new ones


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class _Deadline(threading.local):
    """The deadline of this thread's request, by the monotonic clock."""

    at = float("inf")


_deadline = _Deadline()


class _WithDeadline:
    """A socket whose reads all end at the deadline, also when a server sends its answer byte by byte."""

    def recv_into(self, *arguments: Any) -> int:
        left = _deadline.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the response took too long")
        self.settimeout(min(READ_SECONDS, left))  # type: ignore[attr-defined]
        return super().recv_into(*arguments)  # type: ignore[misc,no-any-return]


class _Socket(_WithDeadline, socket):
    pass


class _TlsSocket(_WithDeadline, ssl.SSLSocket):
    pass


class _Connection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        timeout = self.sock.gettimeout()
        self.sock = _Socket(fileno=self.sock.detach())
        self.sock.settimeout(timeout)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks the certificate and the host's name
        context.sslsocket_class = _TlsSocket
        super().init_poolmanager(*arguments, ssl_context=context, **options)
        pools = self.poolmanager.pool_classes_by_scheme
        self.poolmanager.pool_classes_by_scheme = {**pools, "http": _Pool}


class Transport:
    """A pooled session to one fixed address; a forked process gets its own."""

    def __init__(self, base_url: str, *, user_agent: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._user_agent = user_agent
        self._open()
        renew_after_fork(self._open)

    def _open(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy and no certificates of the environment
        self._session.headers["User-Agent"] = self._user_agent
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(pool_connections=1, pool_maxsize=POOL_SIZE))

    def send(self, method: str, path: str, key: str, **options: Any) -> Answer:
        """Send a request and return the response, whatever its status.

        Raises Unavailable after TOTAL_SECONDS or MAX_BODY bytes.
        """
        _deadline.at = time.monotonic() + TOTAL_SECONDS
        try:
            with self._session.request(
                method,
                self._base_url + path,
                headers={"X-API-KEY": key} if key else {},
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
                **options,
            ) as response:
                return Answer(response.status_code, response.headers, _body(response))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Unavailable(f"{method} {path}: {type(error).__name__}") from error
        finally:
            _deadline.at = float("inf")


def _body(response: requests.Response) -> bytes:
    """Read the body, decompressed. Raises Unavailable if it is too large."""
    body = bytearray()
    while chunk := response.raw.read1(CHUNK, decode_content=True):
        body += chunk
        if len(body) > MAX_BODY:
            raise Unavailable(f"a response of more than {MAX_BODY} bytes")
    return bytes(body)
