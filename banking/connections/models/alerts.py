"""Alerts for operators: conditions that no retry mends. Each code has at most one open alert."""

import logging
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

logger = logging.getLogger(__name__)
MAX_DETAIL_LENGTH = 500


class AlertQuerySet(models.QuerySet["Alert"]):
    def active(self) -> "AlertQuerySet":
        return self.filter(closed_at=None)

    def is_active(self, code: str) -> bool:
        return self.active().filter(code=code).exists()

    def open(self, code: str, detail: str, *, now: datetime) -> None:
        """Open an alert, or note that it still holds; of several processes at once, one opens it."""
        seen = {"detail": detail[:MAX_DETAIL_LENGTH], "last_seen_at": now}
        if self.active().filter(code=code).update(**seen):
            return
        logger.critical("alert: %s: %s", code, detail)
        self.bulk_create([Alert(code=code, opened_at=now, **seen)], ignore_conflicts=True)

    def close(self, code: str, *, now: datetime) -> None:
        """Close the alert, if it is open."""
        if self.active().filter(code=code).update(closed_at=now):
            logger.warning("alert closed: %s", code)


class Alert(models.Model):
    """A condition, from when it was first seen until it was over."""

    class Code(models.TextChoices):
        REGISTRATION = "webhook registration"  # Pluggy does not deliver to us
        REFUSED = "deliveries refused"  # deliveries come with a secret that is not ours
        SILENCE = "no deliveries"  # items were collected, but no webhook came
        CREDENTIALS = "credentials refused"  # Pluggy refuses our client id or secret: no sync works
        GONE = "connections gone at once"  # so many that the credentials may be another application's
        QUARANTINED = "connections quarantined"  # syncing them crashes the worker
        NOT_LISTED = "items not listed"  # Pluggy refuses to list the application's items
        CATEGORIES = "no categories"  # Pluggy sends none: the add-on is not contracted, or the trial is over

    DOUBT: ClassVar[timedelta] = timedelta(
        hours=1
    )  # connections that went within this time are counted together

    code = models.CharField(max_length=40, choices=Code)
    detail = models.CharField(max_length=MAX_DETAIL_LENGTH)
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(
        null=True, blank=True, help_text="when an operator acknowledged it"
    )

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ("-opened_at",)
        constraints = (
            models.UniqueConstraint(fields=["code"], condition=Q(closed_at=None), name="alert_open_once"),
        )

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"
