"""Stop a worker at a write of a sync, before or after its commit."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from banking.connections import lease


class Killed(BaseException):
    """Stands for `kill -9`: no code of ours runs after it."""


class Failpoints:
    """Call a function at the n-th write of a sync in this thread, before or after its commit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._thread = threading.local()
        original = lease.Lease.write_transaction

        @contextmanager
        def write_transaction(sync_lease: lease.Lease, now: datetime) -> Iterator[None]:
            with original(sync_lease, now):
                yield
                self._reach(before=True)
            self._reach(before=False)

        monkeypatch.setattr(lease.Lease, "write_transaction", write_transaction)

    def arm(self, count: int, *, before: bool, act: Callable[[], None]) -> None:
        self._thread.plan = [count, before, act]

    def disarm(self) -> None:
        self._thread.plan = None

    def _reach(self, *, before: bool) -> None:
        plan = getattr(self._thread, "plan", None)
        if plan is None or plan[1] != before:
            return
        plan[0] -= 1
        if plan[0] < 0:
            self._thread.plan = None
            plan[2]()


def kill() -> None:
    raise Killed
