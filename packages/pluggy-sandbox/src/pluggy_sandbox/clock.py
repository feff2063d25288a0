"""The simulated clock: real time plus an offset that can be increased."""

import datetime as dt
from calendar import monthrange
from zoneinfo import ZoneInfo

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


class Clock:
    """The simulated time. Only dates follow the offset; waiting times are real."""

    def __init__(self, today: dt.date | None = None, offset: dt.timedelta = dt.timedelta()) -> None:
        real = dt.datetime.now(SAO_PAULO)
        self._initial_offset = dt.timedelta(days=(today - real.date()).days) if today else dt.timedelta()
        self.offset = self._initial_offset if today else offset

    def now(self) -> dt.datetime:
        """Return the simulated instant in UTC."""
        return dt.datetime.now(dt.UTC) + self.offset

    def today(self) -> dt.date:
        """Return the simulated date in São Paulo, where the banks are."""
        return self.now().astimezone(SAO_PAULO).date()

    def move_to(self, moment: dt.datetime) -> None:
        """Move the clock forward; raise ValueError for the past, which would un-collect data."""
        if moment < self.now():
            raise ValueError("the clock only moves forward")
        self.offset += moment - self.now()

    def reset(self) -> None:
        """Return to the day of the start."""
        self.offset = self._initial_offset


def iso(moment: dt.datetime) -> str:
    """Format an instant as Pluggy does: UTC, milliseconds, Z."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse(text: str) -> dt.datetime:
    """Parse an instant as Pluggy does; without a time zone it is UTC."""
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def months_later(moment: dt.datetime, months: int) -> dt.datetime:
    """Return the same day and time some months later, or the last day of a shorter month."""
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
