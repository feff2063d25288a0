"""Deletion reviews, quarantined records and replacements in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.transaction import atomic
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.masked_admin import MaskedAdmin
from banking.ledger import operations
from banking.ledger.models import (
    DeletionReview,
    QuarantinedRecord,
    Transaction,
    TransactionReplacement,
)
from banking.money.documents import redacted_text
from banking.web import tasks
from banking.web.labels.text import Text
from pfm.admin import ReadOnly, log_action

SAMPLE = 20
HOW_TO_DECIDE = _(
    "To decide, select it in the list of deletion reviews and choose Approve or Reject as the action."
)
RESULTS: dict[str, Text] = {
    "approved": _("%(done)s of %(selected)s approved; others had been decided before."),
    "rejected": _("%(done)s of %(selected)s rejected; others had been decided before."),
}


@admin.register(DeletionReview)
class DeletionReviewAdmin(MaskedAdmin, ReadOnly):
    page_name = "missing transactions"
    plain_fields = (
        "user", "run", "state", "missing_count", "share_missing", "opened_at", "last_seen_at", "decided_by",
        "decided_at", "closed_at", "removed_count",
    )  # fmt: skip
    list_display = (
        "opened_at",
        "state",
        "missing_count",
        "share_missing",
        "account",
        "user",
        "last_seen_at",
        "decided_by",
    )
    list_filter = ("state", "opened_at")
    search_fields = ("item__id", "account__id", "=user__email")
    list_select_related = ("account__item__connector", "user", "decided_by")
    actions = ("approve", "reject")
    readonly_fields = (
        "account", "user", "run", "state", "missing_count", "share_missing", "sample", "opened_at", "last_seen_at",
        "decided_by", "decided_at", "closed_at", "removed_count",
    )  # fmt: skip
    fieldsets = ((None, {"fields": readonly_fields, "description": HOW_TO_DECIDE}),)

    @admin.display(description=_("missing"))
    def missing_count(self, review: DeletionReview) -> int:
        return len(review.transaction_ids)

    @admin.display(description=_("share"))
    def share_missing(self, review: DeletionReview) -> str:
        return _now("%(share)s of %(count)s") % {
            "share": f"{review.share:.0%}",
            "count": review.expected_count,
        }

    @admin.display(description=_("some of them"))
    def sample(self, review: DeletionReview) -> SafeString:
        missing = Transaction.objects.filter(id__in=review.transaction_ids).order_by("-local_date")
        cells = (
            (
                transaction.local_date,
                redacted_text(transaction.description)[:60],
                f"{transaction.signed_amount:.2f}",
                transaction.signed_amount_currency,
            )
            for transaction in missing[:SAMPLE]
        )
        body = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{} {}</td></tr>", cells)
        return format_html("<table>{}</table>", body)

    @admin.action(
        description=_("Approve: ask Pluggy again and remove what is still missing"), permissions=["operate"]
    )
    def approve(self, request: HttpRequest, selected: QuerySet[DeletionReview]) -> None:
        for review in self._decide(request, selected, operations.approve_deletion, "approved"):
            tasks.enqueue_sync(review.item_id)

    @admin.action(description=_("Reject: keep the transactions"), permissions=["operate"])
    def reject(self, request: HttpRequest, selected: QuerySet[DeletionReview]) -> None:
        self._decide(request, selected, operations.reject_deletion, "rejected")

    def _decide(
        self, request: HttpRequest, selected: QuerySet[DeletionReview], decide: Any, outcome: str
    ) -> list[DeletionReview]:
        """Decide the reviews that are pending and log it; return them."""
        done = []
        for review in selected:
            with atomic():
                if decide(review, by=request.user, now=timezone.now()):
                    done.append(review)
                    log_action(request, [review], outcome)
        self.message_user(
            request,
            RESULTS[outcome] % {"done": len(done), "selected": len(selected)},
            messages.SUCCESS if done else messages.WARNING,
        )
        return done


@admin.register(QuarantinedRecord)
class QuarantinedRecordAdmin(MaskedAdmin, ReadOnly):
    page_name = "unreadable record"
    plain_fields = (
        "id", "user", "item", "record_type", "key", "record_id", "reason", "first_seen_at", "last_seen_at",
    )  # fmt: skip
    list_display = ("last_seen_at", "record_type", "reason", "item", "account", "user", "first_seen_at")
    list_filter = ("record_type", "last_seen_at")
    search_fields = ("item__id", "record_id", "=user__email", "reason")
    list_select_related = ("item__connector", "account", "user")


@admin.register(TransactionReplacement)
class TransactionReplacementAdmin(MaskedAdmin, ReadOnly):
    page_name = "replaced transaction"
    plain_fields = ("id", "user", "old_id", "new_id", "state", "changed_at", "is_reused_id")
    list_display = ("changed_at", "state", "old_id", "new_id", "account", "user")
    list_filter = ("state", "changed_at")
    search_fields = ("old_id", "new_id", "=user__email")
    list_select_related = ("account", "user")
