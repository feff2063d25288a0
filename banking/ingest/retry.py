"""Decide how long to wait before Pluggy is asked again."""

import random

from banking.pluggy import Gone, Limited, PluggyError, Refused, Unauthorized

FIRST_WAIT, MAX_WAIT = 5.0, 1800.0  # seconds
FIRST_WAIT_AFTER_REFUSAL, MAX_WAIT_AFTER_REFUSAL = 3600.0, 86_400.0
UNAUTHORIZED_WAIT = 300.0


def is_refusal(error: PluggyError) -> bool:
    """Tell whether Pluggy answered that it will not send the data, so that asking again soon is useless."""
    return isinstance(error, (Refused, Gone))


def seconds_to_wait(error: Exception, attempts: int) -> float:
    """Return a random time that doubles with each attempt; a rate limit says itself how long."""
    if isinstance(error, Limited):
        return error.wait + random.uniform(0, 5)
    if isinstance(error, Unauthorized):
        return UNAUTHORIZED_WAIT
    return random.uniform(FIRST_WAIT / 2, min(MAX_WAIT, FIRST_WAIT * 2 ** min(attempts, 20)))


def seconds_until_product_retry(error: PluggyError, attempts: int) -> float:
    """Return when to ask again for one product of a connection whose other products were read."""
    if is_refusal(error):
        return min(MAX_WAIT_AFTER_REFUSAL, FIRST_WAIT_AFTER_REFUSAL * 2.0 ** min(attempts, 20))
    return seconds_to_wait(error, attempts)
