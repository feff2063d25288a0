"""What can go wrong at the border, by what to do about it. Anything else is a bug and rises."""


class PluggyError(Exception):
    """Any answer of Pluggy, or its absence, that is not the data asked for."""


class Unavailable(PluggyError):
    """Nothing can be concluded; ask again later (5xx, timeouts, broken or foreign bodies)."""


class Limited(Unavailable):
    """429: too many requests. `wait` is in seconds, from RateLimit-Reset or Retry-After."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class Unauthorized(Unavailable):
    """Our own credentials are refused, also after a renewal: nobody's item is to blame."""


class Gone(PluggyError):
    """404: the object that was asked for does not exist (for us)."""


class Refused(PluggyError):
    """Pluggy understood and said no. `code` is its codeDescription, stable; the message is not."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code or '(no code)'}: {message}")
        self.status = status
        self.code = code
        self.message = message
