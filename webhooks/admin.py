"""The inbox in the admin: what was delivered, what became of it, and a way to have it judged again."""

from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone

from banking.models import Item
from pfm.admin import ReadOnly
from webhooks import inbox, tasks, timeline
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

    def get_urls(self) -> list[URLPattern]:
        story = self.admin_site.admin_view(self.timeline)
        return [path("items/<uuid:item_id>/", story, name="webhooks_item_timeline"), *super().get_urls()]

    def timeline(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        """All that happened to one item, newest first: events, runs, reviews, in plain words."""
        if not (self.has_view_permission(request) and request.user.has_perm("banking.view_item")):
            raise PermissionDenied
        item = get_object_or_404(Item.objects.select_related("connector", "user", "sync"), id=item_id)
        context = {
            **self.admin_site.each_context(request),
            "title": str(item.connector),
            "item": item,
            "story": timeline.story(item),
            "now": timezone.now(),
            "may_operate": request.user.has_perm("banking.change_item"),
        }
        return render(request, "admin/timeline.html", context)
