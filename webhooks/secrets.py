"""The shared secret that Pluggy sends with each delivery in a header."""

import hmac
from datetime import datetime
from enum import Enum

SECRET_HEADER = "X-Webhook-Secret"


class SecretCheck(Enum):
    CURRENT = "current"
    PREVIOUS = "previous"  # accepted while the secret is being rotated
    WRONG = "wrong"


def check_secret(
    given: str, *, now: datetime, current: str, previous: str = "", until: datetime | None = None
) -> SecretCheck:
    """Compare a secret with ours in constant time. `previous` counts if it is not empty, and until `until`."""
    given_bytes = given.encode("utf-8", "surrogatepass")
    is_current = hmac.compare_digest(given_bytes, current.encode())
    is_previous = hmac.compare_digest(given_bytes, previous.encode()) and bool(previous)
    if is_current:
        return SecretCheck.CURRENT
    is_expired = until is not None and now >= until
    return SecretCheck.PREVIOUS if is_previous and not is_expired else SecretCheck.WRONG
