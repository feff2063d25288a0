"""Tells whether a TCP port of this machine is free, and what to do when it is not."""

from __future__ import annotations

import os
import socket

from dev.machine import Trouble


def answers(port: int) -> bool:
    """Something accepts connections at the port (on macOS a bind alone misses wildcard listeners)."""
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


def chosen(name: str, default: int) -> int:
    """The port from the environment variable, or the default."""
    value = os.environ.get(name) or str(default)
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise Trouble(f"{name}={value} is not a port: choose a number from 1024 to 65535")
    return int(value)


def need_free(port: int, *, what: str, name: str) -> None:
    """Raises one clear line when the port is taken; `name` is the variable that chooses another."""
    if answers(port) or not can_bind(port):
        raise Trouble(
            f"Port {port} ({what}) is in use: stop the program that holds it, "
            f"or choose another port, for example: {name}={port + 10} make demo"
        )
