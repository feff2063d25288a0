"""Find and end processes safely, and hold locks between commands.

A process is identified by its program, working folder or environment, never by its pid alone: after a crash,
the pid in a file may belong to another program.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from dev.command_line import DevToolError


def find_process(pid: int | None, *, program: str, folder: Path) -> psutil.Process | None:
    """Return the live process `pid` if it runs `program` in `folder`, else None.

    Folders are compared by inode, so the result is right even after the folder was moved.
    """
    if not pid or not psutil.pid_exists(pid):
        return None
    with contextlib.suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        if not has_ended(process) and process.name() == program and os.path.samefile(process.cwd(), folder):
            return process
    return None


def is_other_program(pid: int, *, program: str, folder: Path) -> bool:
    """Tell whether `pid` is certainly not a live `program` in `folder`. In doubt, return False."""
    try:
        process = psutil.Process(pid)
        return has_ended(process) or process.name() != program or not os.path.samefile(process.cwd(), folder)
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, OSError):
        return False


def find_processes(folder: Path, *, program: str) -> list[psutil.Process]:
    """Return the live processes of `program` whose working folder is `folder`."""
    return [
        process
        for process in psutil.process_iter()
        if find_process(process.pid, program=program, folder=folder)
    ]


def wait_until(condition: Callable[[], bool], *, seconds: float, every: float = 0.05) -> bool:
    """Check the condition repeatedly. Return False if it is still false after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def has_ended(process: psutil.Process) -> bool:
    """Tell whether the process has ended. A zombie counts as ended."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def end_process(process: psutil.Process, *signals: tuple[int, float]) -> bool:
    """Send each (signal, seconds to wait) in turn until the process has ended; return whether it has."""
    for number, seconds in signals:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)
        if wait_until(lambda: has_ended(process), seconds=seconds):
            return True
    return False


def process_tree(pid: int) -> list[psutil.Process]:
    """Return the process and all its descendants, or an empty list if it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def find_by_environment(name: str, value: str) -> list[psutil.Process]:
    """Return the other processes of this user whose environment has name=value."""
    matching = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            is_candidate = process.pid != os.getpid() and process.uids().real == os.getuid()
            if is_candidate and process.environ().get(name) == value:
                matching.append(process)
    return matching


def end_by_environment(name: str, value: str, *, seconds: float = 5) -> int:
    """End the processes whose environment has name=value, and return how many there were.

    They get SIGTERM first and, if they still run after `seconds`, SIGKILL.
    """
    matching = find_by_environment(name, value)
    for number, timeout in ((signal.SIGTERM, seconds), (signal.SIGKILL, 2.0)):
        for process in matching:
            with contextlib.suppress(psutil.Error):
                process.send_signal(number)
        if wait_until(lambda: all(has_ended(process) for process in matching), seconds=timeout):
            break
    return len(matching)


@contextlib.contextmanager
def exclusive_lock(path: Path, *, wait: float, busy: str) -> Iterator[None]:
    """Hold a lock file; raise DevToolError(busy) if another process holds it for longer than `wait` seconds.

    The system frees the lock when this process ends. Child processes do not inherit it, because it is a
    record lock (fcntl), not flock.
    """
    with path.open("a") as file:
        if not wait_until(lambda: try_lock(file.fileno()), seconds=wait):
            raise DevToolError(busy)
        yield


def try_lock(descriptor: int) -> bool:
    """Take the record lock without waiting; return whether it succeeded."""
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
