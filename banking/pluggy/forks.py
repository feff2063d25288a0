"""Recreate in child processes what they must not share with their parent: locks and open sockets."""

import os
import weakref
from collections.abc import Callable


def renew_after_fork(renew: Callable[[], None]) -> None:
    """Call the bound method in every child process that is forked while its object exists."""
    method = weakref.WeakMethod(renew)

    def in_child() -> None:
        if (alive := method()) is not None:
            alive()

    os.register_at_fork(after_in_child=in_child)
