"""Count refused deliveries per five minutes; during a flood, with one small write per second."""

import logging
import threading
import time
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, connection

from webhooks.models import DeliveryCount

logger = logging.getLogger(__name__)

SPAN = timedelta(minutes=5)
KEPT = timedelta(days=30)
IMMEDIATE_WRITES = 20  # of a process in one span; then all counts of a second are written at once
WRITE_INTERVAL = 1.0  # seconds


class _Tally:
    """What this process has counted and not written yet."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.start: datetime | None = None
        self.writes = 0
        self.written_at = 0.0
        self.refused = self.with_previous_secret = 0

    def add(self, start: datetime, refused: int, with_previous_secret: int) -> tuple[int, int] | None:
        """Add to the counts; return what is to be written now, if anything."""
        with self.lock:
            if start != self.start:
                self.start, self.writes = start, 0
            self.refused += refused
            self.with_previous_secret += with_previous_secret
            if self.writes >= IMMEDIATE_WRITES and time.monotonic() - self.written_at < WRITE_INTERVAL:
                return None
            ready = self.refused, self.with_previous_secret
            self.refused = self.with_previous_secret = 0
            self.writes, self.written_at = self.writes + 1, time.monotonic()
            return ready


_tally = _Tally()


def add(*, now: datetime, refused: int = 0, with_previous_secret: int = 0) -> None:
    """Count deliveries. If the database fails, the counts are lost rather than the request."""
    start = span(now)
    ready = _tally.add(start, refused, with_previous_secret)
    if ready is None:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(_SQL_ADD, (start, *ready))
    except (DatabaseError, InterfaceError) as error:
        logger.warning("refused deliveries could not be counted: %s", error)


_SQL_ADD = f"""
    INSERT INTO {DeliveryCount._meta.db_table} AS old (start, refused, with_previous_secret)
    VALUES (%s, %s, %s)
    ON CONFLICT (start) DO UPDATE SET
        refused = old.refused + excluded.refused,
        with_previous_secret = old.with_previous_secret + excluded.with_previous_secret
"""


def span(now: datetime) -> datetime:
    """Return the start of the five minutes that contain `now`."""
    return now - timedelta(seconds=now.timestamp() % SPAN.total_seconds())


def delete_old(*, now: datetime) -> None:
    DeliveryCount.objects.filter(start__lt=now - KEPT).delete()
