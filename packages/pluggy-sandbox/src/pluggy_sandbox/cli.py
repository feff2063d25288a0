"""The command line: start the server and stop it on SIGTERM or SIGINT."""

import signal
import socket
import sys
import threading
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from pluggy_sandbox.app import create_app
from pluggy_sandbox.control.worlds import load_file
from pluggy_sandbox.delivery.sender import trusting_context
from pluggy_sandbox.sandbox import Sandbox, build
from pluggy_sandbox.settings import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, Settings, from_command_line
from pluggy_sandbox.world_files.schemas import ValidationErrors


class QuietHandler(WSGIRequestHandler):
    """Keeps connections open, sends small answers without delay, and writes no access log."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: object) -> None:
        """Write nothing: the control panel shows the events."""


def listen(settings: Settings) -> socket.socket:
    """Return the listening socket, or exit with one line that says why it is impossible."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(128)
    except OSError as error:
        sys.exit(f"local Pluggy: cannot listen on {settings.host}:{settings.port}: {error.strerror}")
    return listener


def main() -> None:
    """Serve until a signal arrives."""
    settings = from_command_line()
    check_certificates(settings.webhook_ca)
    listener = listen(settings)
    sandbox = build(settings)
    server = make_server(
        settings.host, settings.port, create_app(sandbox), threaded=True,
        request_handler=QuietHandler, fd=listener.fileno(),
    )  # fmt: skip
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    if settings.world:
        load_world(sandbox, settings.world)
    sandbox.start()
    announce(settings)
    server.serve_forever(poll_interval=0.05)
    sandbox.stop()
    server.server_close()


def check_certificates(path: Path | None) -> None:
    """Exit with one line if the file of --webhook-ca cannot be used."""
    try:
        if path:
            trusting_context(path)
    except OSError as error:  # an SSLError too, if the file has no certificates
        sys.exit(f"local Pluggy: cannot use --webhook-ca {path}: {error.strerror or error}")


def load_world(sandbox: Sandbox, path: Path) -> None:
    """Load a world file, or exit and print what is wrong with it."""
    try:
        load_file(sandbox, path)
    except ValidationErrors as error:
        sys.exit("\n".join(f"local Pluggy: {path}: {message}" for message in error.found))
    except OSError as error:
        sys.exit(f"local Pluggy: cannot read {path}: {error.strerror}")


def announce(settings: Settings) -> None:
    """Print the address, and the keys if they are the built-in ones."""
    print(f"local Pluggy (not Pluggy!) on {settings.origin}", flush=True)
    print(f"  control panel: {settings.origin}/_control/", flush=True)
    if (settings.client_id, settings.client_secret) == (DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET):
        print(f"  PLUGGY_CLIENT_ID={DEFAULT_CLIENT_ID}", flush=True)
        print(f"  PLUGGY_CLIENT_SECRET={DEFAULT_CLIENT_SECRET}", flush=True)
