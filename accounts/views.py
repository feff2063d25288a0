"""The preferences of a user: the page, and the switches of the page header."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.activity import activity_page
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


def _safe_next(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else "/"
