"""`python -m dev.sandbox --port 9000 --state DIR`: starts the local Pluggy, stops it on a signal."""

import signal
import socket
import sys
import threading
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from dev.sandbox.app import create_app
from dev.sandbox.control.worlds import load_file
from dev.sandbox.pluggy import Pluggy, build
from dev.sandbox.settings import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, Settings, from_command_line
from dev.sandbox.worldfile.shapes import Mistakes


class QuietHandler(WSGIRequestHandler):
    """Keeps connections open, sends small answers at once, and logs nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: object) -> None:
        """The event log is in the control room; the terminal stays quiet."""


def listen(settings: Settings) -> socket.socket:
    """The listening socket, or one clear line and the end."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(128)
    except OSError as problem:
        sys.exit(f"local Pluggy: cannot listen on {settings.host}:{settings.port}: {problem.strerror}")
    return listener


def main() -> None:
    """Serve until told to stop."""
    settings = from_command_line()
    listener = listen(settings)
    pluggy = build(settings)
    server = make_server(
        settings.host, settings.port, create_app(pluggy), threaded=True,
        request_handler=QuietHandler, fd=listener.fileno(),
    )  # fmt: skip
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    if settings.world:
        load_world(pluggy, settings.world)
    pluggy.start()
    announce(settings)
    server.serve_forever(poll_interval=0.05)
    pluggy.stop()
    server.server_close()


def load_world(pluggy: Pluggy, path: Path) -> None:
    """Load the world of a file, or say where it is wrong and end."""
    try:
        load_file(pluggy, path)
    except Mistakes as problem:
        sys.exit("\n".join(f"local Pluggy: {path}: {mistake}" for mistake in problem.found))
    except OSError as problem:
        sys.exit(f"local Pluggy: cannot read {path}: {problem.strerror}")


def announce(settings: Settings) -> None:
    """Say where it is, and with which keys if they are the built-in ones."""
    print(f"local Pluggy (not Pluggy!) on {settings.origin}", flush=True)
    print(f"  control room: {settings.origin}/_control/", flush=True)
    if (settings.client_id, settings.client_secret) == (DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET):
        print(f"  PLUGGY_CLIENT_ID={DEFAULT_CLIENT_ID}", flush=True)
        print(f"  PLUGGY_CLIENT_SECRET={DEFAULT_CLIENT_SECRET}", flush=True)


if __name__ == "__main__":
    main()
