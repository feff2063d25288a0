"""The errors of the client, by what the caller should do about them."""

from datetime import UTC, datetime, timedelta
from typing import Any

MAX_HOURS = 24 * 366


class PluggyError(Exception):
    """Pluggy did not return the data that were asked for."""


class Unavailable(PluggyError):
    """Nothing is known: ask again later (5xx, timeouts, bodies that are not Pluggy's)."""


class Limited(Unavailable):
    """Too many requests (429). `wait` is in seconds, from RateLimit-Reset or Retry-After."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class Unauthorized(Unavailable):
    """Our credentials are refused, even after a renewal; it is not the fault of an item."""


class Gone(PluggyError):
    """The object does not exist, at least not for our credentials (404)."""


class Refused(PluggyError):
    """Pluggy refused the request. `code` is its stable codeDescription; the message may change."""

    def __init__(self, status: int, code: str, message: str, data: Any = None) -> None:
        super().__init__(f"{status} {code or '(no code)'}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.data = data if isinstance(data, dict) else {}

    @property
    def is_of_meu_pluggy(self) -> bool:
        """Tell whether an update was refused because MeuPluggy collects the item; there is no code for it."""
        return not self.code and "meupluggy" in self.message.casefold()

    @property
    def retry_at(self) -> datetime | None:
        """Return when the request is allowed again, if Pluggy says so.

        {"canRetryAfterDate": "2026-11-28T17:10:00.000Z"}
        {"minUpdateFrequencyAllowedInHours": 6, "lastUpdatedAt": "2026-11-28T11:10:00.000Z"}
        """
        allowed_at = _instant(self.data.get("canRetryAfterDate"))
        updated_at = _instant(self.data.get("lastUpdatedAt"))
        hours = self.data.get("minUpdateFrequencyAllowedInHours")
        if allowed_at or updated_at is None or not isinstance(hours, (int, float)) or isinstance(hours, bool):
            return allowed_at
        return updated_at + timedelta(hours=hours) if 0 <= hours <= MAX_HOURS else None


def _instant(value: object) -> datetime | None:
    """Read an instant as Pluggy writes it, without a time zone in UTC; None for anything else."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if instant is None or not 2000 < instant.year < 2200:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
