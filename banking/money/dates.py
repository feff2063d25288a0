"""Local dates: the calendar date in São Paulo on which a transaction counts."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def local_date(instant: datetime) -> date:
    """Return the date of an instant in São Paulo; exactly 00:00:00 Z stands for a plain date.

    Banks send dates without a time as midnight UTC, which would be the evening before in São Paulo.
    """
    if instant.tzinfo is None:
        return instant.date()
    instant = instant.astimezone(UTC)
    if not (instant.hour or instant.minute or instant.second or instant.microsecond):
        return instant.date()
    return instant.astimezone(SAO_PAULO).date()
