"""What waits for an operator's eye: held deletions, rows that cannot be read, rows that came back."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from banking import tasks
from banking.actions import operations
from banking.models import HeldDeletion, Reappearance, Transaction, UnreadableRow
from pfm.admin import ReadOnly

SAMPLE = 20
HOW_TO_DECIDE = "To decide, tick it in the list of held deletions and choose Apply or Discard as the action."


@admin.register(HeldDeletion)
class HeldDeletionAdmin(ReadOnly):
    list_display = ("held_at", "state", "rows", "share_of_rows", "account", "user", "seen_at", "decided_by")
    list_filter = ("state", "held_at")
    search_fields = ("item__id", "account__id", "user__email")
    list_select_related = ("account__item__connector", "user", "decided_by")
    actions = ("apply", "discard")
    readonly_fields = (
        "account", "user", "run", "state", "rows", "share_of_rows", "sample", "held_at", "seen_at",
        "decided_by", "decided_at", "settled_at", "removed",
    )  # fmt: skip
    fieldsets = ((None, {"fields": readonly_fields, "description": HOW_TO_DECIDE}),)

    @admin.display(description="rows")
    def rows(self, held: HeldDeletion) -> int:
        return len(held.transaction_ids)

    @admin.display(description="share")
    def share_of_rows(self, held: HeldDeletion) -> str:
        return f"{held.share:.0%} of {held.known}"

    @admin.display(description="some of them")
    def sample(self, held: HeldDeletion) -> SafeString:
        rows = Transaction.objects.filter(id__in=held.transaction_ids).order_by("-local_date")[:SAMPLE]
        cells = ((row.local_date, row.description[:60], f"{row.flow:.2f}", row.flow_currency) for row in rows)
        body = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{} {}</td></tr>", cells)
        return format_html("<table>{}</table>", body)

    @admin.action(description="Apply: ask Pluggy again, remove what is still absent", permissions=["operate"])
    def apply(self, request: HttpRequest, chosen: QuerySet[HeldDeletion]) -> None:
        for held in self._decided(request, chosen, operations.approve, "applied"):
            tasks.ring(held.item_id)

    @admin.action(description="Discard: the rows stay", permissions=["operate"])
    def discard(self, request: HttpRequest, chosen: QuerySet[HeldDeletion]) -> None:
        self._decided(request, chosen, operations.discard, "discarded")

    def _decided(
        self, request: HttpRequest, chosen: QuerySet[HeldDeletion], decide: Any, word: str
    ) -> list[HeldDeletion]:
        """Those that were still to be decided; each leaves a line in the admin's own log."""
        done = []
        for held in chosen:
            with transaction.atomic():
                if decide(held, by=request.user, now=timezone.now()):
                    done.append(held)
                    self._log(request, held, word)
        self.message_user(
            request,
            f"{len(done)} of {len(chosen)} {word}; others had been decided before.",
            messages.SUCCESS if done else messages.WARNING,
        )
        return done

    def _log(self, request: HttpRequest, held: HeldDeletion, word: str) -> None:
        assert request.user.pk is not None
        LogEntry.objects.log_actions(request.user.pk, [held], CHANGE, word, single_object=True)


@admin.register(UnreadableRow)
class UnreadableRowAdmin(ReadOnly):
    list_display = ("last_seen_at", "what", "reason", "item", "account", "user", "first_seen_at")
    list_filter = ("what", "last_seen_at")
    search_fields = ("item__id", "remote_id", "user__email", "reason")
    list_select_related = ("item__connector", "account", "user")


@admin.register(Reappearance)
class ReappearanceAdmin(ReadOnly):
    list_display = ("at", "state", "gone_id", "came_id", "account", "user")
    list_filter = ("state", "at")
    search_fields = ("gone_id", "came_id", "user__email")
    list_select_related = ("account", "user")
