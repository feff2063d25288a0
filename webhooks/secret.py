"""The secret that Pluggy sends back to us: which header carries it, and whether a given one is ours."""

import hmac
from datetime import datetime
from enum import Enum

SECRET_HEADER = "X-Webhook-Secret"


class Verdict(Enum):
    CURRENT = "current"
    PREVIOUS = "previous"  # of a rotation that is going on
    WRONG = "wrong"


def judge(
    given: str, *, now: datetime, current: str, previous: str = "", until: datetime | None = None
) -> Verdict:
    """In constant time, on bytes; an empty previous secret is none, and so is one whose time is over."""
    text = given.encode("utf-8", "surrogatepass")
    is_current = hmac.compare_digest(text, current.encode())
    is_previous = hmac.compare_digest(text, previous.encode()) and bool(previous)
    if is_current:
        return Verdict.CURRENT
    is_over = until is not None and now >= until
    return Verdict.PREVIOUS if is_previous and not is_over else Verdict.WRONG
