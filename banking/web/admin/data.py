"""Connections, accounts and transactions in the admin, and what operators can do with a connection."""

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
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.admin_filters import UserFilter, find_user
from accounts.masked_admin import MaskedAdmin
from accounts.staff_reading import readable_users
from banking.connections.models import (
    Alert,
    Connector,
    Consent,
    Item,
    ItemListing,
    SyncRun,
)
from banking.ledger import operations
from banking.ledger.models import Account, Category, Transaction
from banking.money.documents import redacted_text
from banking.web import tasks
from banking.web.admin import disconnecting, figures, filters
from banking.web.templatetags.finance import money_text
from pfm.admin import ReadOnly, log_action

RUN_COLUMNS = (
    "outcome",
    "item_status",
    "error_line",
    "transactions_read",
    "records_written",
    "transactions_removed",
    "transactions_under_review",
    "records_quarantined",
)
# Plain fields of all records: whose they are, and when what was done with them.
OWNER = ("id", "user", "item")
LOG_MESSAGES = {"release": "released the lease", "full": "requested a full sync"}
STOPPED = _("Nothing is read, because the user is deactivated. It continues when the user is active again")


def first_line(error: str) -> str:
    """Return the first line of an error; further ones may quote a transaction."""
    return error.partition("\n")[0][:200]


class RunInline(admin.TabularInline):  # type: ignore[type-arg]
    model = SyncRun
    extra = 0
    max_num = 0
    can_delete = False
    fields = readonly_fields = ("started_at", *RUN_COLUMNS)

    @admin.display(description=_("error"))
    def error_line(self, run: SyncRun) -> str:
        return first_line(run.error)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncRun]:
        recent = super().get_queryset(request).order_by("-id")
        return recent.filter(started_at__gte=timezone.now() - timedelta(days=7))


class ConsentInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Consent
    extra = 0
    max_num = 0
    can_delete = False
    fields = readonly_fields = ("given_at", "expires_at", "revoked_at", "permissions", "products")


@admin.register(Item)
class ItemAdmin(MaskedAdmin, ReadOnly):
    page_name = "connection"
    plain_fields = (
        *OWNER, "connector", "status", "execution_status", "error_code", "status_detail", "products",
        "failed_logins", "has_pending_resources", "consent_expires_at", "collected_at", "next_auto_sync_at",
        "bank_created_at", "bank_updated_at", "connected_at", "read_at", "gone_at", "disconnected_at", "timeline",
        "last_run", "synced_at", "behind", "reading",
    )  # fmt: skip
    list_display = (
        "connector",
        "timeline",
        "user",
        "status",
        "execution_status",
        "last_run",
        "synced_at",
        "behind",
        "reading",
    )
    list_filter = (
        filters.SyncFilter,
        filters.ItemStatusFilter,
        "execution_status",
        filters.ConnectorFilter,
        "user__is_active",
    )
    search_fields = ("id", "=user__email", "connector__name")
    list_select_related = ("connector", "user", "sync")
    exclude = ("parameter", "user_action")  # what the bank asks of the user alone, such as a QR code
    inlines = (RunInline, ConsentInline)
    actions = ("sync_now", "release")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Item]:
        latest = SyncRun.objects.filter(item=OuterRef("pk")).order_by("-id").values("outcome")[:1]
        items: QuerySet[Item] = super().get_queryset(request)
        return items.annotate(latest_outcome=Subquery(latest))

    @admin.display(description=_("last run"), ordering="latest_outcome")
    def last_run(self, item: Item) -> str:
        return item.latest_outcome or _now("never")  # type: ignore[attr-defined]

    @admin.display(description=_("synced"), ordering="sync__synced_at")
    def synced_at(self, item: Item) -> Any:
        return item.sync.synced_at

    @admin.display(description=_("behind"), boolean=True)
    def behind(self, item: Item) -> bool:
        return item.sync.is_behind

    @admin.display(description=_("reading"), ordering="user__is_active")
    def reading(self, item: Item) -> str:
        return "" if item.user.is_active else _now("stopped: the user is deactivated")

    @admin.display(description=_("timeline"))
    def timeline(self, item: Item) -> SafeString:
        url = reverse("admin:webhooks_item_timeline", args=[item.id])
        return format_html('<a href="{}">{}</a>', url, _now("timeline"))

    @admin.action(description=_("Sync now"), permissions=["operate"])
    def sync_now(self, request: HttpRequest, items: QuerySet[Item]) -> None:
        for item in items:
            operations.request_sync(item, now=timezone.now())
            tasks.enqueue_sync(item.id)
        log_action(request, items, "requested a sync")
        text = ngettext("%(n)s sync is enqueued.", "%(n)s syncs are enqueued.", len(items))
        self.message_user(request, text % {"n": len(items)}, messages.SUCCESS)
        stopped = [str(item) for item in items if not item.user.is_active]
        if stopped:
            self.message_user(request, f"{STOPPED}: {', '.join(stopped)}", messages.WARNING)

    @admin.action(description=_("Release the lease"), permissions=["operate"])
    def release(self, request: HttpRequest, items: QuerySet[Item]) -> None:
        for item in items:
            operations.release_lease(item, now=timezone.now())
            tasks.enqueue_sync(item.id)
        log_action(request, items, "released the lease")
        text = ngettext("%(n)s lease was released.", "%(n)s leases were released.", len(items))
        self.message_user(request, text % {"n": len(items)}, messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        disconnect = require_http_methods(["GET", "HEAD", "POST"])(disconnecting.disconnect_page)
        return [
            path("figures/", wrap(require_safe(figures.figures_page)), name="operator_figures"),
            path(
                "<uuid:item_id>/operate/", wrap(require_POST(self.operate)), name="connections_item_operate"
            ),
            path("<uuid:item_id>/disconnect/", wrap(disconnect), name="connections_item_disconnect"),
            *super().get_urls(),
        ]

    def operate(self, request: HttpRequest, item_id: UUID) -> HttpResponse:
        """Run the action of a button of the timeline."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        now, item = (
            timezone.now(),
            get_object_or_404(Item.objects.select_related("connector", "user"), id=item_id),
        )
        action = request.POST.get("do")
        if action == "release":
            operations.release_lease(item, now=now)
        else:
            operations.request_sync(item, now=now, full=action == "full")
        tasks.enqueue_sync(item.id)
        log_action(request, [item], LOG_MESSAGES.get(action or "", "requested a sync"))
        if item.user.is_active:
            self.message_user(request, _now("A sync is enqueued."), messages.SUCCESS)
        else:
            self.message_user(request, str(STOPPED), messages.WARNING)
        return redirect("admin:webhooks_item_timeline", item_id=item.id)


@admin.register(SyncRun)
class SyncRunAdmin(MaskedAdmin, ReadOnly):
    page_name = "sync"
    plain_fields = (
        *OWNER, *RUN_COLUMNS, "item__connector", "fence", "target_seq", "started_at", "finished_at",
        "is_full_read", "accounts_read", "new_transactions", "new_categorized",
    )  # fmt: skip
    list_display = ("started_at", "item__connector", "user", *RUN_COLUMNS)
    list_filter = ("outcome", "started_at")
    search_fields = ("item__id", "=user__email")
    list_select_related = ("item__connector", "user")

    @admin.display(description=_("error"))
    def error_line(self, run: SyncRun) -> str:
        return first_line(run.error)


@admin.register(Account)
class AccountAdmin(MaskedAdmin, ReadOnly):
    page_name = "account"
    plain_fields = (
        *OWNER, "type", "subtype", "currency", "bank_created_at", "bank_updated_at", "read_at", "missing_since",
        "missing_reads", "created_read_until", "first_read_cursor", "first_read_latest", "transactions_read_at",
        "full_read_at", "full_read_cursor", "is_superseded", "closed_on", "is_confirmed_open", "is_left_out",
    )  # fmt: skip
    list_display = ("label", "user", "item", "type", "subtype", "balance", "currency", "missing_since")
    list_filter = (
        UserFilter,
        filters.AccountConnectorFilter,
        filters.AccountTypeFilter,
        ("missing_since", admin.EmptyFieldListFilter),
    )
    search_fields = ("id", "=user__email")
    exclude = ("owner_hash", "details")
    list_select_related = ("user", "item__connector")


@admin.register(Transaction)
class TransactionAdmin(MaskedAdmin, ReadOnly):
    page_name = "transaction"
    plain_fields = (
        *OWNER, "connector", "type", "status", "currency", "occurred_at", "local_date", "signed_amount_currency",
        "kind", "bank_created_at", "bank_updated_at", "accrual_month", "cash_month", "read_at", "deleted_at",
        "hidden",
    )  # fmt: skip
    ordering = ("-local_date", "-id")
    list_display = (
        "local_date",
        "text",
        "amount_text",
        "kind",
        "category",
        "account",
        "connector",
        "user",
        "status",
        "deleted_at",
    )
    list_filter = (
        UserFilter,
        filters.TransactionConnectorFilter,
        filters.DeletedFilter,
        "kind",
        filters.TransactionStatusFilter,
        filters.TransactionAccountTypeFilter,
        "local_date",
    )
    search_fields = ("id", "=user__email")
    list_select_related = ("user", "account__item__connector", "category")
    exclude = (
        "counterparty_document",
        "counterparty_hash",
        "counterparty_account",
        "merchant_cnpj",
        "details",
    )

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Search texts only of a user whose data the session may read: the matches would tell those of others."""
        user = find_user(request.GET.get("user", "")) if request.GET.get("q") else None
        is_readable = user is not None and user.pk in readable_users(request)
        return (*self.search_fields, "description", "merchant_name") if is_readable else self.search_fields

    @admin.display(description=_("connector"))
    def connector(self, transaction: Transaction) -> str:
        return str(transaction.account.item.connector)

    @admin.display(description=_("description"))
    def text(self, transaction: Transaction) -> str:
        return redacted_text(transaction.description)

    @admin.display(description=_("amount"))
    def amount_text(self, transaction: Transaction) -> str:
        return money_text(transaction.signed_amount, transaction.signed_amount_currency)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Load a transaction without the documents in its texts. It is shown only, so nothing is stored."""
        loaded: Transaction | None = super().get_object(request, object_id, from_field)
        for transaction in filter(None, (loaded, loaded and loaded.parent_transaction)):
            for name in ("description", "description_raw", "counterparty", "note"):
                setattr(transaction, name, redacted_text(getattr(transaction, name)))
        return loaded


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


@admin.register(ItemListing)
class ItemListingAdmin(ReadOnly):
    list_display = ("started_at", "finished_at", "way", "listed_count", "claimed_count", "failure")
    list_filter = ("way", "started_at")


@admin.register(Alert)
class AlertAdmin(ReadOnly):
    list_display = ("code", "detail", "opened_at", "last_seen_at", "closed_at", "acknowledged_at")
    list_filter = ("code", "closed_at")
    actions = ("acknowledge", "confirm_deleted")

    @admin.action(description=_("Acknowledge"), permissions=["operate"])
    def acknowledge(self, request: HttpRequest, alerts: QuerySet[Alert]) -> None:
        for alert in alerts.filter(acknowledged_at=None):
            Alert.objects.filter(pk=alert.pk).update(acknowledged_at=timezone.now())
            self.log_change(request, alert, "acknowledged")
        self.message_user(request, _now("Acknowledged."), messages.SUCCESS)

    @admin.action(description=_("Confirm: these connections no longer exist"), permissions=["operate"])
    def confirm_deleted(self, request: HttpRequest, alerts: QuerySet[Alert]) -> None:
        for alert in alerts.active().filter(code=Alert.Code.GONE):  # type: ignore[attr-defined]
            count = operations.confirm_deleted(alert, now=timezone.now())
            self.log_change(request, alert, f"{count} connections confirmed as gone")
            text = ngettext(
                "%(n)s connection is marked as gone.", "%(n)s connections are marked as gone.", count
            )
            self.message_user(request, text % {"n": count}, messages.SUCCESS)
