"""Disconnect a connection in the admin, because its user asked for it."""

from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.models import DELETION
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import SecurityEvent, User
from accounts.security_log import record
from banking.connections.models import Item
from banking.ledger import disconnection
from banking.pluggy import PluggyError
from banking.web.api_client import pluggy
from pfm.admin import log_action

PERMISSIONS = ("connections.view_item", "connections.delete_item")


def disconnect_page(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Ask for a confirmation; after it, do what the user's own button does: delete at Pluggy first, then here."""
    if not request.user.has_perms(PERMISSIONS):
        raise PermissionDenied
    item = Item.objects.select_related("connector", "user").filter(id=item_id).first()
    if item is None:  # for example, after the button was pressed twice
        messages.warning(request, _("This connection no longer exists."))
        return redirect("admin:connections_item_changelist")
    if request.method == "POST":
        _disconnect(request, item)
        if request.user.has_perm("accounts.view_user"):
            return redirect("admin:webhooks_user_status", user_id=item.user_id)
        return redirect("admin:connections_item_changelist")
    context = {
        **admin.site.each_context(request),
        "title": _("Disconnect %(bank)s") % {"bank": item.connector},
        "item": item,
        "account_count": item.accounts.count(),
    }
    return render(request, "admin/disconnect.html", context)


def _disconnect(request: HttpRequest, item: Item) -> None:
    # Logged first: if Pluggy does not answer, or this process ends, a task finishes it later.
    log_action(request, [item], f"disconnected at the request of user {item.user_id}", flag=DELETION)
    actor = request.user if isinstance(request.user, User) else None
    record(SecurityEvent.Code.CONNECTION_ENDED, user=item.user, request=request, actor=actor)
    try:
        disconnection.disconnect(item, client=pluggy(), now=timezone.now())
        messages.success(request, _("Disconnected. Its data has been deleted here and at Pluggy."))
    except PluggyError:
        messages.warning(
            request,
            _("We couldn't reach Pluggy. The connection will be deleted as soon as Pluggy responds."),
        )
