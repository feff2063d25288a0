"""The user's data as a whole: delete the account."""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import security_log
from accounts.sign_in import recent_sign_in_required
from banking.connections.models import Item
from banking.personal_data import erasure as erasures
from banking.web import tasks
from banking.web.forms import ErasureForm
from banking.web.query_string import current_user


@login_required
@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def delete_account(request: HttpRequest) -> HttpResponse:
    """Say what is deleted and what is not, and start or schedule the deletion."""
    user = current_user(request)
    form = ErasureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _delete(request, form)
    context = {"form": form, "connection_count": Item.objects.of(user).connected().count()}
    return render(request, "accounts/delete_account.html", context, status=400 if form.errors else 200)


def _delete(request: HttpRequest, form: ErasureForm) -> HttpResponse:
    user, wait = current_user(request), form.wait()
    facts = {"in days": wait.days}
    security_log.record(security_log.Code.ERASURE_REQUESTED, user=user, request=request, facts=facts)
    erasure = erasures.request(user, now=timezone.now(), wait=wait, language=get_language() or "pt-br")
    if wait:
        messages.success(request, _("Your account will be deleted. Until then you can change your mind."))
        return redirect("delete_account")
    email = user.email
    logout(request)
    tasks.enqueue_erasure(erasure)
    return render(request, "accounts/account_deleted.html", {"email": email})


@login_required
@require_POST
def keep_account(request: HttpRequest) -> HttpResponse:
    """Cancel a deletion that is scheduled. It needs no password: nothing is lost by it."""
    user = current_user(request)
    if erasures.cancel(user):
        security_log.record(security_log.Code.ERASURE_CANCELLED, user=user, request=request)
        messages.success(request, _("Your account stays. Nothing has been deleted."))
    return redirect("preferences")
