"""Recognises and ends processes by what they are, never by a bare number, and keeps two starts apart."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from dev.machine import Trouble


def recognise(pid: int | None, *, program: str, folder: Path) -> psutil.Process | None:
    """The live process `pid` if it runs `program` in `folder`, which holds even after the folder moved."""
    if not pid or not psutil.pid_exists(pid):
        return None
    with contextlib.suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        if not is_gone(process) and process.name() == program and os.path.samefile(process.cwd(), folder):
            return process
    return None


def is_stranger(pid: int, *, program: str, folder: Path) -> bool:
    """Certainly not the live program of `folder`; False in doubt."""
    try:
        process = psutil.Process(pid)
        return is_gone(process) or process.name() != program or not os.path.samefile(process.cwd(), folder)
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, OSError):
        return False


def working_in(folder: Path, *, program: str) -> list[psutil.Process]:
    """The live processes of `program` whose working folder this is: a server and its helpers."""
    return [p for p in psutil.process_iter() if recognise(p.pid, program=program, folder=folder)]


def wait_until(condition: Callable[[], bool], *, seconds: float, every: float = 0.05) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def end(process: psutil.Process, *signals: tuple[int, float]) -> bool:
    """Sends each signal in turn, waiting its seconds, until the process is gone."""
    for number, seconds in signals:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)
        if wait_until(lambda: is_gone(process), seconds=seconds):
            return True
    return False


def family(pid: int) -> list[psutil.Process]:
    """A process of ours and its children; nothing if it is gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def marked(name: str, value: str) -> list[psutil.Process]:
    """Our own processes whose environment carries name=value: the children of an earlier start."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            ours = process.pid != os.getpid() and process.uids().real == os.getuid()
            if ours and process.environ().get(name) == value:
                found.append(process)
    return found


def end_marked(name: str, value: str, *, seconds: float = 5) -> int:
    """Ends every marked process, politely first; tells how many there were."""
    processes = marked(name, value)
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 2.0)):
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.send_signal(number)
        if wait_until(lambda: all(is_gone(p) for p in processes), seconds=patience):
            break
    return len(processes)


@contextlib.contextmanager
def sole(path: Path, *, wait: float, busy: str) -> Iterator[None]:
    """Holds a lock file that the system frees when we die; a record lock, which children do not inherit."""
    with path.open("a") as file:
        if not wait_until(lambda: took(file.fileno()), seconds=wait):
            raise Trouble(busy)
        yield


def took(descriptor: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
