"""The clock of the local Pluggy: real time plus an offset, so that days can be chosen and jumped over."""

import datetime as dt
from calendar import monthrange
from zoneinfo import ZoneInfo

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


class Clock:
    """Tells the pretended time. Waiting times are real; only dates follow the offset."""

    def __init__(self, today: dt.date | None = None, offset: dt.timedelta = dt.timedelta()) -> None:
        real = dt.datetime.now(SAO_PAULO)
        self._first = dt.timedelta(days=(today - real.date()).days) if today else dt.timedelta()
        self.offset = self._first if today else offset

    def now(self) -> dt.datetime:
        """The pretended instant, in UTC."""
        return dt.datetime.now(dt.UTC) + self.offset

    def today(self) -> dt.date:
        """The pretended calendar day in São Paulo, where the banks are."""
        return self.now().astimezone(SAO_PAULO).date()

    def move_to(self, moment: dt.datetime) -> None:
        """Jump forward; ValueError for the past, because what was collected cannot be uncollected."""
        if moment < self.now():
            raise ValueError("the clock only moves forward")
        self.offset += moment - self.now()

    def restart(self) -> None:
        """Back to the day of the start, when everything is forgotten."""
        self.offset = self._first


def iso(moment: dt.datetime) -> str:
    """An instant as Pluggy writes it: UTC, milliseconds, Z."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse(text: str) -> dt.datetime:
    """An instant as Pluggy writes or accepts it; without a zone it is UTC."""
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def months_later(moment: dt.datetime, months: int) -> dt.datetime:
    """The same day and time so many months later, or the month's last day where it is shorter."""
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
