"""The user's data as a whole: download it, or delete the account."""

from collections.abc import Iterator
from datetime import date

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import security_log
from accounts.models import User
from accounts.sign_in import recent_sign_in_required
from banking.connections.models import Item
from banking.ledger.models import CategoryTree
from banking.money.dates import local_date
from banking.money.periods import Period
from banking.personal_data import archive
from banking.personal_data import erasure as erasures
from banking.reports.export import export_lines
from banking.reports.transaction_filter import TransactionFilter
from banking.web import tasks
from banking.web.forms import ErasureForm
from banking.web.query_string import current_user
from banking.web.views import exports


@login_required
@require_safe
def my_data(request: HttpRequest) -> HttpResponse:
    """Say what the archive has."""
    return render(request, "accounts/my_data.html")


@login_required
@require_POST
@recent_sign_in_required
def download(request: HttpRequest) -> HttpResponseBase:
    """Stream the archive. If it fails on the way, the file ends without its directory, and no program opens it."""
    user, now = current_user(request), timezone.now()
    if not ratelimit.consume(request, action="my_data", user=user):
        messages.warning(request, _("Too many downloads. Try again in an hour."))
        return redirect("my_data")
    security_log.record(security_log.Code.EXPORTED, user=user, request=request, facts={"what": "all data"})
    language = get_language() or "pt-br"
    pieces = archive.stream(
        user, csv_lines=lambda: csv_lines(user, language), now=now, version=settings.VERSION
    )
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="lume-my-data-{local_date(now)}.zip"'
    return response


def csv_lines(user: User, language: str) -> Iterator[bytes]:
    """Yield the spreadsheet of all transactions, in a language, because the request has ended meanwhile."""
    with translation.override(language):
        filters = TransactionFilter(user, Period(date.min, date.max))
        yield from exports.csv_lines(exports.table(export_lines(filters, CategoryTree.load())))


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
