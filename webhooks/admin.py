"""The inbox in the admin: events, timelines of connections, the status of users and of our webhook."""

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.staff_reading import note_read, readable_users
from banking.pluggy import PluggyError
from banking.web.api_client import pluggy
from pfm.admin import ReadOnly, log_action
from webhooks import delivery_status, inbox, monitoring, registration, tasks, timeline
from webhooks.models import Event
from webhooks.user_status import user_status


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

    @admin.action(description=_("Process again"), permissions=["operate"])
    def process_again(self, request: HttpRequest, events: QuerySet[Event]) -> None:
        for event in events:
            inbox.process_again(event, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
            tasks.enqueue(event)
        log_action(request, events, "processed again")
        text = ngettext(
            "%(n)s event is being processed again.", "%(n)s events are being processed again.", len(events)
        )
        self.message_user(request, text % {"n": len(events)}, messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        def wrap(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            return self.admin_site.admin_view(view)

        return [
            path("items/<uuid:item_id>/", wrap(self.timeline), name="webhooks_item_timeline"),
            path("users/<int:user_id>/", wrap(require_safe(self.user_status)), name="webhooks_user_status"),
            path("webhook/", wrap(require_safe(self.webhook)), name="webhooks_registration"),
            path("webhook/register/", wrap(require_POST(self.register)), name="webhooks_register"),
            *super().get_urls(),
        ]

    def timeline(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        """Show everything that happened to an item, newest first: events, syncs and reviews."""
        if not (self.has_view_permission(request) and request.user.has_perm("connections.view_item")):
            raise PermissionDenied
        item = timeline.find_item(item_id)
        if item is None:
            raise Http404
        is_readable = item.user_id in readable_users(request)
        note_read(request, [item.user_id], page="timeline")
        context = {
            **self.admin_site.each_context(request),
            "title": str(item.connector),
            "item": item,
            "entries": timeline.entries(item, shows_names=is_readable),
            "is_masked": not is_readable,
            "now": timezone.now(),
            "may_operate": request.user.has_perm("connections.change_item"),
        }
        return render(request, "admin/timeline.html", context)

    def user_status(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Show the connections of a user and what is wrong with them."""
        if not request.user.has_perms(["accounts.view_user", "connections.view_item"]):
            raise PermissionDenied
        is_readable = user_id in readable_users(request)
        try:
            status = user_status(user_id, shows_names=is_readable)
        except User.DoesNotExist:
            raise Http404 from None
        note_read(request, [user_id], page="status")
        context = {
            **self.admin_site.each_context(request),
            "title": status.user.email if is_readable else str(status.user),
            "is_masked": not is_readable,
            "status": status,
            "now": timezone.now(),
        }
        return render(request, "admin/user_status.html", context)

    def webhook(self, request: HttpRequest) -> HttpResponse:
        """Show whether our webhook is registered at Pluggy and deliveries arrive."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        wanted = tasks.wanted_webhook()
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Our webhook at Pluggy"),
            "url": wanted.url,
            "has_previous_secret": bool(wanted.previous_secret),
            "registration": delivery_status.registration_status(wanted, client=pluggy()),
            "deliveries": delivery_status.deliveries(now=timezone.now()),
            "alert": delivery_status.open_alert(),
            "may_operate": self.has_operate_permission(request),
        }
        return render(request, "admin/webhook.html", context)

    def register(self, request: HttpRequest) -> HttpResponse:
        """Register our webhook, or correct it; as `manage.py register_webhook`, it is safe to repeat."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        wanted, client = tasks.wanted_webhook(), pluggy()
        try:
            found = registration.find(wanted, client=client)
            outcome = registration.repair(found, wanted, client=client)
            monitoring.check_registration(wanted, client=client, now=timezone.now())  # closes the alert
            self.message_user(request, _now("The webhook is registered."), messages.SUCCESS)
        except PluggyError as error:
            outcome = f"failed: {type(error).__name__}"
            self.message_user(request, str(delivery_status.failure_text(error)), messages.ERROR)
        assert request.user.pk is not None
        LogEntry.objects.create(
            user_id=request.user.pk,
            content_type=ContentType.objects.get_for_model(Event),
            object_repr=f"webhook {wanted.url}"[:200],
            action_flag=CHANGE,
            change_message=f"registration: {outcome}",
        )
        return redirect("admin:webhooks_registration")
