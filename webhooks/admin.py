"""The inbox in the admin: what was delivered, what became of it, and a way to have it judged again."""

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from pfm.admin import ReadOnly
from webhooks import inbox, tasks
from webhooks.models import Event


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = (
        "received_at",
        "name",
        "state",
        "item_id",
        "triggered_by",
        "deliveries",
        "attempts",
        "reason",
        "settled_at",
    )
    list_filter = ("state", "name", "received_at")
    search_fields = ("event_id", "item_id", "account_id", "client_user_id")
    actions = ("process_again",)

    @admin.action(description="Process again", permissions=["operate"])
    def process_again(self, request: HttpRequest, events: QuerySet[Event]) -> None:
        for event in events:
            inbox.process_again(event, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
            tasks.ring(event)
        self.message_user(request, f"{len(events)} events are being processed again.", messages.SUCCESS)
