"""The suggested matches that wait for the user's review, and the reviews."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.limits import limited
from banking.ledger.matching import reviews
from banking.ledger.models import Transaction, TransactionMatch
from banking.reports import connections, matches, same_money, transactions
from banking.web.query_string import current_user


@login_required
@require_safe
def matches_list(request: HttpRequest) -> HttpResponse:
    user = current_user(request)
    context = {
        "matches": matches.suggested_matches(user),
        "questions": same_money.account_questions(user),
        "replaced": transactions.with_possible_originals(user),
        "data_version": connections.data_version(user),
    }
    return render(request, "banking/matches/list.html", context)


@login_required
@require_POST
@limited("edit")
def review(request: HttpRequest, match_id: int) -> HttpResponse:
    """Store the review. htmx removes the match from the list; else the page that it came from is shown."""
    user = current_user(request)
    own = TransactionMatch.objects.of(user).select_related("outflow", "inflow")
    match = get_object_or_404(own, id=match_id)
    answer = request.POST.get("answer")
    if answer not in ("same", "no"):
        messages.error(request, _("Choose an answer. Nothing was changed."))
        return redirect("matches")
    store = reviews.confirm if answer == "same" else reviews.reject
    is_stored = store(match, now=timezone.now())
    if request.headers.get("HX-Request"):
        return HttpResponse()
    if is_stored:
        messages.success(request, _("Saved."))
    else:
        messages.info(request, _("This has changed in the meantime."))
    transaction_id = _origin(request, match)
    if transaction_id and Transaction.objects.of(user).live().filter(id=transaction_id).exists():
        return redirect("transaction", transaction_id=transaction_id)
    return redirect("matches")


def _origin(request: HttpRequest, match: TransactionMatch) -> UUID | None:
    """Return the transaction on whose page the user answered, if they did so there."""
    value = request.POST.get("transaction")
    ids = (match.outflow_id, match.inflow_id)
    return next((transaction_id for transaction_id in ids if str(transaction_id) == value), None)
