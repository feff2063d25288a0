"""Asks the machine for Python and disk and says what a person must do; standard library only."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
MEGABYTE = 1024 * 1024


class Trouble(Exception):
    """One thing that a person can act on, told in a line; commands print it without a traceback."""


def complain(trouble: object) -> int:
    """Prints the trouble and returns the exit code for it."""
    print(f"✗ {trouble}", file=sys.stderr, flush=True)
    return 1


def speak_utf8() -> None:
    """Makes our own output UTF-8 and line by line, whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="replace", line_buffering=True)


def need_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        have = ".".join(map(str, sys.version_info[:2]))
        raise Trouble(f"Python 3.11 or newer is needed, this is {have}: run make PYTHON=/path/to/python3")


def need_disk(folder: Path, megabytes: int = 500) -> None:
    free = shutil.disk_usage(folder).free // MEGABYTE
    if free < megabytes:
        raise Trouble(f"{free} MB free at {folder}, {megabytes} MB are needed: make room and start again")
