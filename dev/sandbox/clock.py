"""The clock of the local Pluggy: real time plus an offset: a day can be chosen and time still passes."""

import datetime as dt
from zoneinfo import ZoneInfo

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


class Clock:
    """Tells the pretended time. Waiting times are real; only dates follow the offset."""

    def __init__(self, today: dt.date | None = None) -> None:
        real = dt.datetime.now(SAO_PAULO)
        self.offset = dt.timedelta(days=(today - real.date()).days) if today else dt.timedelta()

    def now(self) -> dt.datetime:
        """The pretended instant, in UTC."""
        return dt.datetime.now(dt.UTC) + self.offset

    def today(self) -> dt.date:
        """The pretended calendar day in São Paulo, where the banks are."""
        return self.now().astimezone(SAO_PAULO).date()


def iso(moment: dt.datetime) -> str:
    """An instant as Pluggy writes it: UTC, milliseconds, Z."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse(text: str) -> dt.datetime:
    """An instant as Pluggy writes or accepts it; without a zone it is UTC."""
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
