"""The preferences of a user, the switches of the page header, and the link that undoes a change of address."""

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language

from accounts import email_changes, security_log
from accounts.activity import activity_page
from accounts.forms import PreferencesForm
from accounts.mail_texts import EMAIL_CHANGE_UNDONE
from accounts.models import EmailChange, SecurityEvent, User


@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = PreferencesForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("preferences")
    return render(request, "accounts/preferences.html", {"form": form}, status=400 if form.errors else 200)


@login_required
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """Show what happened to the user's account."""
    assert isinstance(request.user, User)
    cursor = request.GET.get("before", "")
    page = activity_page(request.user, cursor=cursor)
    return render(request, "accounts/activity.html", {"page": page, "is_first": not cursor})


@login_required
@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Set `theme=light|dark|auto` or `hides_amounts=on|off`, then return to the page that the user came from."""
    user = request.user
    assert isinstance(user, User)
    if request.POST.get("theme") in User.Theme.values:
        user.theme = request.POST["theme"]
    if request.POST.get("hides_amounts") in ("on", "off"):
        user.hides_amounts = request.POST["hides_amounts"] == "on"
    user.save(update_fields=["theme", "hides_amounts"])
    return HttpResponseRedirect(_safe_next(request))


def choose_language(request: HttpRequest) -> HttpResponse:
    """Set the language of the pages, as Django's view does, and that of the user's mails."""
    language = request.POST.get("language")
    if isinstance(request.user, User) and language in dict(settings.LANGUAGES):
        request.user.language = language
        request.user.save(update_fields=["language"])
    return set_language(request)


@never_cache
def undo_email_change(request: HttpRequest, token: str) -> HttpResponse:
    """Give an account back to its old address, then let its owner choose a new password.

    A GET only asks, because mail programs open links to look at them.
    """
    now = timezone.now()
    try:
        link = email_changes.read_link(token)
        if request.method == "POST":
            with transaction.atomic():
                change = email_changes.undo(link, now=now)
                _tell_of_undoing(request, change)
            logout(request)
            return redirect(_new_password_url(change.user))
        change = email_changes.find(link, now=now)
    except email_changes.NotUndoable:
        return render(request, "accounts/email_undo.html", status=410)
    return render(request, "accounts/email_undo.html", {"change": change})


def _tell_of_undoing(request: HttpRequest, change: EmailChange) -> None:
    addresses = {"from_email": change.old_email, "to_email": change.new_email}
    for email in addresses.values():
        get_adapter().send_notification_mail(EMAIL_CHANGE_UNDONE, change.user, addresses, email)
    code = SecurityEvent.Code.EMAIL_CHANGED
    security_log.record(code, user=change.user, request=request, facts={"undone": True})


def _new_password_url(user: User) -> str:
    """Return the page of a link for a new password, as it would be sent by mail."""
    key = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    return reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), key])


def _safe_next(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else "/"
