"""What must not be shared with a child process is made anew in it: locks that may be held, open sockets."""

import os
import weakref
from collections.abc import Callable


def renew_after_fork(renew: Callable[[], None]) -> None:
    """Call this method in every child, as long as its object lives."""
    method = weakref.WeakMethod(renew)

    def in_child() -> None:
        if (alive := method()) is not None:
            alive()

    os.register_at_fork(after_in_child=in_child)
