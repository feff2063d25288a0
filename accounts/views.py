"""The preferences of a user: the page, and the switches of the page header."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from accounts.forms import PreferencesForm
from accounts.models import User


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


def _safe_next(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else "/"
