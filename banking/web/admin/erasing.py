"""Erase a user in the admin, because they asked for it by another way than their own settings."""

from django.contrib import admin, messages
from django.contrib.admin.models import DELETION
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import security_log
from accounts.models import Erasure, User
from accounts.sign_in import recent_sign_in_required
from banking.connections.models import Item
from banking.personal_data import erasure as erasures
from banking.web import tasks
from banking.web.forms.erasures import StaffErasureForm
from pfm.admin import ReadOnly, log_action

PERMISSIONS = ("accounts.view_user", "accounts.delete_user")


@admin.register(Erasure)
class ErasureAdmin(ReadOnly):
    """Erasures, also those that are done and name nobody."""

    list_display = (
        "requested_at",
        "state",
        "user",
        "requested_by",
        "try_at",
        "attempts",
        "failure",
        "erased_at",
    )
    list_filter = ("state",)
    list_select_related = ("user", "requested_by")
    exclude = ("event_keys",)

    def get_urls(self) -> list[URLPattern]:
        erase = self.admin_site.admin_view(recent_sign_in_required(erase_page))
        return [path("users/<int:user_id>/", erase, name="accounts_erase_user"), *super().get_urls()]


def erase_page(request: HttpRequest, user_id: int) -> HttpResponse:
    """Ask why and when; then do what the user's own page does."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise Http404
    is_protected = user.is_superuser and not request.user.is_superuser
    if not request.user.has_perms(PERMISSIONS) or is_protected:
        raise PermissionDenied
    form = StaffErasureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _erase(request, user, form)
        return redirect("admin:accounts_user_changelist")
    context = {
        **admin.site.each_context(request),
        "title": _("Erase %(user)s") % {"user": user.email},
        "person": user,
        "form": form,
        "connection_count": Item.objects.of(user).count(),
    }
    return render(request, "admin/erase.html", context, status=400 if form.errors else 200)


def _erase(request: HttpRequest, user: User, form: StaffErasureForm) -> None:
    wait, reason = form.wait(), form.cleaned_data["reason"]
    assert isinstance(request.user, User)
    code = security_log.Code.ERASURE_REQUESTED
    security_log.record(code, user=user, request=request, actor=request.user, facts={"in days": wait.days})
    # The entry about the user is erased with them; the erasure keeps who started it.
    log_action(request, [user], f"erasure in {wait.days} days: {reason}", flag=DELETION)
    erasure = erasures.request(
        user,
        now=timezone.now(),
        language=get_language() or "pt-br",
        wait=wait,
        requested_by=request.user,
        reason=reason,
    )
    if not wait:
        tasks.enqueue_erasure(erasure)
    messages.success(request, _("The erasure is stored. See Erasures for how far it is."))
