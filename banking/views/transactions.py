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
from banking.forms import PersonsWordForm
from banking.models import CategoryTree, Transaction
from banking.reports import connections, suggestions, transactions
from banking.reports.history import history
from banking.reports.scope import Scope
from banking.templatetags.finance import day as day_words
from banking.views import rules
from banking.views import scope as scopes
from banking.views.words import COUNTED_WORDS, KINDS, merchant_words


@login_required
@require_safe
def transactions_list(request: HttpRequest) -> HttpResponse:
    tree = CategoryTree.load()
    scope, problem = scopes.read(request, tree)
    before = request.GET.get("before", "")
    try:
        listing = transactions.listing(scope, tree, before=before)
    except transactions.BadCursor as error:
        raise Http404 from error
    context = {
        "scope": scope,
        "listing": listing,
        "before": before,
        "next_url": listing.next and scopes.rows_url(scope, before=listing.next),
        "chips": chips(scope, tree),
        **scopes.choices(scope),
        "news": connections.news(scope.user),
        "problem": problem,
    }
    return render(request, "banking/transactions.html", context)


def chips(scope: Scope, tree: CategoryTree) -> list[dict[str, str]]:
    """Each part of the filter in words, with the address of the list without it."""
    found: list[dict[str, str]] = []
    if scope.counts:
        found.append({"text": str(COUNTED_WORDS[scope.counts]), "url": scopes.rows_url(scope, counts=None)})
    if scope.category_id:
        name = tree.name(scope.category_id)
        text = _("%(category)s, nothing more specific") % {"category": name} if scope.only else name
        found.append({"text": text, "url": scopes.rows_url(scope, category=None, only=None)})
    if scope.item:
        found.append({"text": scope.item.connector.name, "url": scopes.rows_url(scope, item=None)})
    if scope.account:
        found.append({"text": scope.account.label, "url": scopes.rows_url(scope, account=None)})
    if scope.currency:
        found.append({"text": scope.currency, "url": scopes.rows_url(scope, currency=None)})
    if scope.bill:
        due = _("Bill due %(day)s") % {"day": day_words(scope.bill.due_on)}
        found.append({"text": due, "url": scopes.rows_url(scope, bill=None)})
    if scope.unbilled:
        found.append({"text": _("On no closed bill"), "url": scopes.rows_url(scope, bill=None)})
    if scope.instalments:
        found.append({"text": _("Instalments"), "url": scopes.rows_url(scope, instalments=None)})
    if scope.pending:
        found.append({"text": _("Pending"), "url": scopes.rows_url(scope, pending=None)})
    if scope.merchant:
        found.append({"text": merchant_words(scope.merchant), "url": scopes.rows_url(scope, merchant=None)})
    if scope.rule:
        found.append({"text": _("One of your rules"), "url": scopes.rows_url(scope, rule=None)})
    if scope.text:
        found.append({"text": f"“{scope.text}”", "url": scopes.rows_url(scope, q=None)})
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def transaction(request: HttpRequest, transaction_id: UUID) -> HttpResponse:
    """What the bank sent, what was concluded and why; the person's word is taken here."""
    mine = Transaction.objects.of(scopes.signed_in(request)).live()
    related = ("account__item__connector", "category", "person_category", "rule")
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
        "history": history(row, CategoryTree.load()),
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
