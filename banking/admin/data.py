"""Connections, accounts and rows in the admin, and what an operator may do with a connection."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from banking import tasks
from banking.actions import operations
from banking.models import Account, Alarm, Category, Connector, Item, SyncRun, Transaction
from pfm.admin import ReadOnly

RUN_COLUMNS = (
    "outcome",
    "item_status",
    "error",
    "rows_read",
    "rows_written",
    "rows_removed",
    "rows_held",
    "rows_unreadable",
)


class RunInline(admin.TabularInline):  # type: ignore[type-arg]
    model = SyncRun
    extra = 0
    max_num = 0
    can_delete = False
    fields = readonly_fields = ("started_at", *RUN_COLUMNS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncRun]:
        recent = super().get_queryset(request).order_by("-id")
        return recent.filter(started_at__gte=timezone.now() - timedelta(days=7))


@admin.register(Item)
class ItemAdmin(ReadOnly):
    list_display = (
        "connector",
        "timeline",
        "user",
        "status",
        "execution_status",
        "last_run",
        "synced_at",
        "behind",
    )
    list_filter = ("status", "execution_status", "connector")
    search_fields = ("id", "user__email", "connector__name")
    list_select_related = ("connector", "user", "sync")
    inlines = (RunInline,)
    actions = ("sync_now", "release")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Item]:
        latest = SyncRun.objects.filter(item=OuterRef("pk")).order_by("-id").values("outcome")[:1]
        items: QuerySet[Item] = super().get_queryset(request)
        return items.annotate(latest_outcome=Subquery(latest))

    @admin.display(description="last run", ordering="latest_outcome")
    def last_run(self, item: Item) -> str:
        return item.latest_outcome or "never"  # type: ignore[attr-defined]

    @admin.display(description="synced", ordering="sync__synced_at")
    def synced_at(self, item: Item) -> Any:
        return item.sync.synced_at

    @admin.display(description="behind", boolean=True)
    def behind(self, item: Item) -> bool:
        return item.sync.is_behind

    @admin.display(description="story")
    def timeline(self, item: Item) -> SafeString:
        return format_html(
            '<a href="{}">timeline</a>', reverse("admin:webhooks_item_timeline", args=[item.id])
        )

    @admin.action(description="Read from Pluggy again", permissions=["operate"])
    def sync_now(self, request: HttpRequest, items: QuerySet[Item]) -> None:
        for item in items:
            operations.read_again(item, now=timezone.now())
            tasks.ring(item.id)
        self.message_user(request, f"{len(items)} items are being read again.", messages.SUCCESS)

    @admin.action(description="Release the lease", permissions=["operate"])
    def release(self, request: HttpRequest, items: QuerySet[Item]) -> None:
        for item in items:
            operations.release_lease(item, now=timezone.now())
            tasks.ring(item.id)
        self.message_user(request, f"{len(items)} leases are released.", messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        operate = self.admin_site.admin_view(require_POST(self.operate))
        return [path("<uuid:item_id>/operate/", operate, name="banking_item_operate"), *super().get_urls()]

    def operate(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        """The buttons of the timeline: one thing with one item."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        now, item = timezone.now(), get_object_or_404(Item, id=item_id)
        if request.POST.get("do") == "release":
            operations.release_lease(item, now=now)
        else:
            operations.read_again(item, now=now, full=request.POST.get("do") == "full")
        tasks.ring(item.id)
        self.message_user(request, "It is being read again.", messages.SUCCESS)
        return redirect("admin:webhooks_item_timeline", item_id=item.id)


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnly):
    list_display = ("started_at", "item__connector", "user", *RUN_COLUMNS)
    list_filter = ("outcome", "started_at")
    search_fields = ("item__id", "user__email", "error")
    list_select_related = ("item__connector", "user")


@admin.register(Account)
class AccountAdmin(ReadOnly):
    list_display = ("label", "user", "item", "type", "subtype", "balance", "currency", "missing_since")
    list_filter = ("type", "subtype", "item__connector")
    search_fields = ("id", "name", "user__email")
    list_select_related = ("user", "item__connector")


@admin.register(Transaction)
class TransactionAdmin(ReadOnly):
    ordering = ("-local_date", "-id")
    list_display = (
        "local_date",
        "description",
        "flow",
        "flow_currency",
        "kind",
        "category",
        "account",
        "user",
        "status",
        "deleted_at",
    )
    list_filter = ("kind", "status", "account__type")
    search_fields = ("id", "description", "merchant_name", "user__email")
    list_select_related = ("user", "account__item__connector", "category")
    date_hierarchy = "local_date"


@admin.register(Category)
class CategoryAdmin(ReadOnly):
    list_display = ("id", "name_en", "name_pt", "parent")
    search_fields = ("id", "name_en", "name_pt")
    list_select_related = ("parent",)


@admin.register(Connector)
class ConnectorAdmin(ReadOnly):
    list_display = ("id", "name", "kind", "health_status", "is_open_finance", "is_sandbox", "seen_at")
    list_filter = ("health_status", "is_open_finance", "is_sandbox")
    search_fields = ("id", "name")


@admin.register(Alarm)
class AlarmAdmin(ReadOnly):
    list_display = ("code", "detail", "raised_at", "last_seen_at", "cleared_at", "acknowledged_at")
    list_filter = ("code", "cleared_at")
    actions = ("acknowledge", "believe_gone")

    @admin.action(description="Acknowledge", permissions=["operate"])
    def acknowledge(self, request: HttpRequest, alarms: QuerySet[Alarm]) -> None:
        for alarm in alarms.filter(acknowledged_at=None):
            Alarm.objects.filter(pk=alarm.pk).update(acknowledged_at=timezone.now())
            self.log_change(request, alarm, "acknowledged")
        self.message_user(request, "Acknowledged.", messages.SUCCESS)

    @admin.action(description="Believe it: these connections are gone", permissions=["operate"])
    def believe_gone(self, request: HttpRequest, alarms: QuerySet[Alarm]) -> None:
        for alarm in alarms.open().filter(code=Alarm.Code.GONE):  # type: ignore[attr-defined]
            believed = operations.believe_gone(alarm, now=timezone.now())
            self.log_change(request, alarm, f"{believed} connections are gone")
            self.message_user(request, f"{believed} connections are marked as gone.", messages.SUCCESS)
