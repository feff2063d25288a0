"""Choose TCP ports and check that they are free."""

from __future__ import annotations

import os
import socket

from dev.command_line import DevToolError


def is_listening(port: int) -> bool:
    """Tell whether a program accepts connections at the port.

    `can_bind` alone is not enough: on macOS it succeeds although another program listens on all addresses.
    """
    for host in ("127.0.0.1", "::1"):
        try:
            socket.create_connection((host, port), timeout=1).close()
            return True
        except OSError:
            continue
    return False


def can_bind(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def port_from_environment(variable: str, default: int) -> int:
    """Return the port in the environment variable, or the default; raise DevToolError if it is no port."""
    value = os.environ.get(variable) or str(default)
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise DevToolError(f"{variable}={value} is not a port. Choose a number from 1024 to 65535.")
    return int(value)


def require_free_port(port: int, *, what: str, variable: str) -> None:
    """Raise DevToolError when the port is taken. `variable` is the setting that chooses another port."""
    if is_listening(port) or not can_bind(port):
        raise DevToolError(
            f"Port {port} ({what}) is in use. Stop the program that uses it, "
            f"or choose another port, for example: {variable}={port + 10} make demo"
        )
