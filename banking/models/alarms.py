"""Alarms: conditions that no retry mends, each open at most once, with when it began and was last seen."""

import logging
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

logger = logging.getLogger(__name__)
LONGEST_DETAIL = 500


class AlarmQuerySet(models.QuerySet["Alarm"]):
    def open(self) -> "AlarmQuerySet":
        return self.filter(cleared_at=None)

    def is_open(self, code: str) -> bool:
        return self.open().filter(code=code).exists()

    def sound(self, code: str, detail: str, *, now: datetime) -> None:
        """Raise it, or note that it still holds; of several processes at once one raises it."""
        seen = {"detail": detail[:LONGEST_DETAIL], "last_seen_at": now}
        if self.open().filter(code=code).update(**seen):
            return
        logger.critical("alarm: %s: %s", code, detail)
        self.bulk_create([Alarm(code=code, raised_at=now, **seen)], ignore_conflicts=True)

    def clear(self, code: str, *, now: datetime) -> None:
        """The condition is over."""
        if self.open().filter(code=code).update(cleared_at=now):
            logger.warning("alarm is over: %s", code)


class Alarm(models.Model):
    """One condition, from when it was first seen to when it was over."""

    class Code(models.TextChoices):
        REGISTRATION = "webhook registration"  # Pluggy would not deliver to us
        REFUSED = "deliveries refused"  # somebody delivers with a secret that is not ours
        SILENCE = "no deliveries"  # items were collected, nothing was told
        CREDENTIALS = "credentials refused"  # Pluggy refuses our client id or secret: nothing is read
        GONE = "connections gone at once"  # so many that it is doubted: perhaps another application's keys
        PARKED = "connections parked"  # reading them ends the worker

    DOUBT: ClassVar[timedelta] = timedelta(hours=1)  # how far back connections that are gone are counted

    code = models.CharField(max_length=40, choices=Code)
    detail = models.CharField(max_length=LONGEST_DETAIL)
    raised_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True, help_text="an operator knows of it")

    objects = AlarmQuerySet.as_manager()

    class Meta:
        ordering = ("-raised_at",)
        constraints = (
            models.UniqueConstraint(fields=["code"], condition=Q(cleared_at=None), name="alarm_open_once"),
        )

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"
