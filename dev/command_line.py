"""Help the commands of `dev`: errors shown in one line, UTF-8 output, checks of Python and disk space.

This module uses the standard library only, because `dev.venv` runs before any package is installed.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
MEGABYTE = 1024 * 1024


class DevToolError(Exception):
    """Tell the developer what is wrong and what to do. Commands print the message without a traceback."""


def print_error(error: object) -> int:
    """Print the error to stderr and return the exit code 1."""
    print(f"✗ {error}", file=sys.stderr, flush=True)
    return 1


def use_utf8_output() -> None:
    """Write stdout and stderr as UTF-8, line by line, whatever the locale is."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="replace", line_buffering=True)


def require_python() -> None:
    """Raise DevToolError when this Python is too old."""
    if sys.version_info < OLDEST_PYTHON:
        version = ".".join(map(str, sys.version_info[:2]))
        raise DevToolError(
            f"Python 3.11 or newer is needed, this is {version}. Run make PYTHON=/path/to/python3"
        )


def require_disk_space(folder: Path, megabytes: int = 500) -> None:
    """Raise DevToolError when the disk of `folder` has less than `megabytes` free."""
    free = shutil.disk_usage(folder).free // MEGABYTE
    if free < megabytes:
        raise DevToolError(
            f"{free} MB free at {folder}, {megabytes} MB are needed. Free some space and start again."
        )
