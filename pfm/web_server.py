"""What gunicorn does with requests (`-c python:pfm.web_server`); its command line says where and how many.

WSGI has one name for `X-Forwarded-For` and `X_Forwarded_For`. A server that accepts both lets a client overwrite
what the proxy says of it, and so choose its address, its scheme or the secret of a webhook.
"""

import socket
import struct
from typing import Any

from gunicorn import glogging, util
from gunicorn.workers.gthread import _DEFER, ThreadWorker

STALL_LIMIT = 30  # seconds without a byte, after which a connection in the middle of a request is closed
CLOSING_LIMIT = 0.2  # seconds that a client has to close its end, so that it receives the whole response


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker, in which silent clients keep neither threads nor the loop.

    Browsers open connections before they need them, and gunicorn gives each a thread for five seconds. It waits up to
    two seconds for a client to close its end, in the loop that serves all connections.
    """

    def handle(self, conn: Any) -> Any:
        is_silent = not conn.initialized and not conn.wait_for_data(0)
        if is_silent and self.alive:
            return _DEFER  # the loop calls again when something has come
        is_kept = super().handle(conn)
        if is_kept is False:
            util.close_graceful(conn.sock, timeout=CLOSING_LIMIT)
            conn.close = lambda **_: None  # the loop has nothing left to do
        return is_kept


class Logger(glogging.Logger):  # type: ignore[misc]
    """Write what the server itself has to say through Django's logging, in the format of all lines."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


worker_class = Worker
logger_class = Logger
preload_app = True  # listen when Django is loaded, not before; workers are forks and start at once
header_map = "refuse"  # 400 for a header with an underscore in its name
forwarder_headers = ""  # by default, SCRIPT_NAME and PATH_INFO are taken from a proxy as they are
secure_scheme_headers: dict[str, str] = {}  # only Django decides whom to believe (SECURE_PROXY_SSL_HEADER)
keepalive = 130  # seconds; longer than proxies keep connections (Caddy 120, nginx 60): they close, not we
graceful_timeout = 30
limit_request_line = 8190
control_socket_disable = True


def when_ready(server: Any) -> None:
    """Limit how long a thread waits for the next bytes of a request. Connections inherit it from the listener."""
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", STALL_LIMIT, 0))
