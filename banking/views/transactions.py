"""The rows: the list behind any figure, and one row's own story."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banking.actions import transactions as actions
from banking.forms import EditForm, PersonsWordForm
from banking.models import CategoryTree, Transaction
from banking.reports import connections, suggestions, transactions
from banking.reports.history import history
from banking.views import rules
from banking.views import scope as scopes
from banking.views.chips import chips
from banking.views.words.rows import KINDS


@login_required
@require_safe
def transactions_list(request: HttpRequest) -> HttpResponse:
    return shown(request)


def shown(request: HttpRequest, form: EditForm | None = None) -> HttpResponse:
    """The list; `form`: what is wrong with what the person wanted to say of its rows."""
    tree, mine = CategoryTree.at_hand(), connections.connections(scopes.signed_in(request))
    scope, problem = scopes.read(request, tree, mine)
    before = request.GET.get("before", "")
    try:
        listing = transactions.listing(scope, tree, before=before)
    except transactions.BadCursor as bad:
        raise Http404 from bad
    context = {
        "scope": scope,
        "listing": listing,
        "before": before,
        "next_url": listing.next and scopes.rows_url(scope, before=listing.next),
        "chips": chips(scope, tree),
        **scopes.choices(scope),
        "accounts": connections.accounts(mine),
        "news": connections.news(scope.user, mine),
        "problem": problem,
        "query": scopes.query(scope, before=before or None),
        "whole": scopes.query(scope),
        "form": form or EditForm(kinds=KINDS),
        "tags": transactions.tags_of(scope.user),
        "edit": transactions.last_edit(scope.user, now=timezone.now()),
    }
    return render(request, "banking/transactions.html", context, status=400 if form else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def transaction(request: HttpRequest, transaction_id: UUID) -> HttpResponse:
    """What the bank sent, what was concluded and why; the person's word is taken here."""
    mine = Transaction.objects.of(scopes.signed_in(request)).live()
    related = (*transactions.RELATED, "person_category", "user", "part_of")
    row = get_object_or_404(mine.select_related(*related), id=transaction_id)
    form = PersonsWordForm(request.POST or None, kinds=KINDS, initial=_said(row))
    if request.method == "POST" and form.is_valid():
        try:
            before, said = row.person_category_id, form.said()
            actions.say(row, said)
        except ObjectDoesNotExist as error:  # disconnected at this very moment
            raise Http404 from error
        is_new = said.word.category_id not in (None, before)
        messages.success(request, rules.always(row) if is_new else _("Saved."))
        return redirect("transaction", transaction_id=row.id)
    context = {
        "row": row,
        "form": form,
        "perhaps": transactions.perhaps(row),
        "halves": suggestions.halves(row),
        "taken": transactions.parts_of(row),
        "tags": transactions.tags_of(row.user),
        "history": history(row, CategoryTree.at_hand()),
    }
    return render(request, "banking/transaction.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def reappearance(request: HttpRequest, transaction_id: UUID) -> HttpResponse:
    """The person's answer to the question whether a row is the one that went."""
    mine = Transaction.objects.of(scopes.signed_in(request))
    row = get_object_or_404(mine.live().select_related("account"), id=transaction_id)
    gone = get_object_or_404(mine, id=scopes.uuid_or_404(request.POST.get("gone", "")))
    is_same = request.POST.get("answer") == "same"
    try:
        answer = actions.take_over if is_same else actions.decline
        if answer(row, gone, now=timezone.now()):
            messages.success(request, _("Taken over.") if is_same else _("Saved."))
    except ObjectDoesNotExist as error:  # disconnected at this very moment
        raise Http404 from error
    return redirect("transaction", transaction_id=row.id)


def _said(row: Transaction) -> dict[str, Any]:
    return {
        "category": row.person_category_id or "",
        "kind": row.person_kind,
        "tags": ", ".join(row.tags),
        "note": row.note,
        "hidden": row.hidden,
    }
