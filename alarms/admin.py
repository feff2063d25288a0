"""Alarms in the admin: read, and acknowledge."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from alarms.models import Alarm
from pfm.admin import ReadOnly


@admin.register(Alarm)
class AlarmAdmin(ReadOnly):
    list_display = ("code", "detail", "raised_at", "last_seen_at", "cleared_at", "acknowledged_at")
    list_filter = ("code", "cleared_at")
    actions = ("acknowledge",)

    @admin.action(description="Acknowledge", permissions=["operate"])
    def acknowledge(self, request: HttpRequest, alarms: QuerySet[Alarm]) -> None:
        for alarm in alarms.filter(acknowledged_at=None):
            Alarm.objects.filter(pk=alarm.pk).update(acknowledged_at=timezone.now())
            self.log_change(request, alarm, "acknowledged")
        self.message_user(request, "Acknowledged.", messages.SUCCESS)
