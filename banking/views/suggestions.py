"""Are these the same money? The pairs that the person is asked about, and their answers."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banking.actions import links as actions
from banking.models import Link, Transaction
from banking.reports import connections, suggestions
from banking.views.scope import signed_in


@login_required
@require_safe
def suggestions_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    context = {"suggestions": suggestions.suggestions(user), "news": connections.news(user)}
    return render(request, "banking/suggestions.html", context)


@login_required
@require_POST
def suggestion(request: HttpRequest, link_id: int) -> HttpResponse:
    """The answer: by htmx the pair leaves the list, else the page that asked is shown again."""
    mine = Link.objects.of(signed_in(request)).select_related("out", "into")
    link = get_object_or_404(mine, id=link_id)
    answer = actions.confirm if request.POST.get("answer") == "same" else actions.reject
    stands = answer(link, now=timezone.now())
    if request.headers.get("HX-Request"):
        return HttpResponse()
    messages.success(request, _("Saved.")) if stands else messages.info(
        request, _("It has changed meanwhile.")
    )
    row_id = _row_id(request, link)
    row = row_id and Transaction.objects.of(signed_in(request)).live().filter(id=row_id).first()
    return redirect("transaction", transaction_id=row.id) if row else redirect("suggestions")


def _row_id(request: HttpRequest, link: Link) -> UUID | None:
    """Whose page asked, if it was a row's."""
    asked = request.POST.get("row")
    return next((leg for leg in (link.out_id, link.into_id) if str(leg) == asked), None)
