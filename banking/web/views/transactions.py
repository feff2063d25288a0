"""Transactions: the list behind any figure, and the page of one transaction."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.limits import limited
from banking.ledger import bulk_edits, overrides, replacements
from banking.ledger.models import CategoryTree, Transaction
from banking.reports import connections, matches, transactions
from banking.reports.history import history_of
from banking.reports.payment_details import payment_details
from banking.web import query_string
from banking.web.forms import BulkEditForm, TransactionEditForm
from banking.web.views.active_filters import list_active_filters
from banking.web.views.rules import always_message


@login_required
@require_safe
def transactions_list(request: HttpRequest) -> HttpResponse:
    return render_list(request)


def render_list(request: HttpRequest, form: BulkEditForm | None = None) -> HttpResponse:
    """Render the list; with the form of a bulk edit that has errors."""
    tree = CategoryTree.cached()
    listed = connections.connections_of(query_string.current_user(request))
    filters, problem = query_string.read_filter(request, tree, listed)
    before = request.GET.get("before", "")
    try:
        page = transactions.list_transactions(filters, tree, before=before)
    except transactions.BadCursor as error:
        raise Http404 from error
    last_edit = transactions.last_bulk_edit(filters.user, now=timezone.now())
    next_url = page.next_cursor and query_string.transactions_url(filters, before=page.next_cursor)
    context = {
        "filters": filters,
        "page": page,
        "before": before,
        "next_url": next_url,
        "active_filters": list_active_filters(filters, tree),
        **query_string.period_context(filters),
        "accounts": connections.accounts_of(listed),
        "data_version": connections.data_version(filters.user, listed),
        "problem": problem,
        "page_query": query_string.query(filters, before=before or None),
        "filter_query": query_string.query(filters),
        "form": form or BulkEditForm(),
        "tags": transactions.user_tags(filters.user),
        "last_edit": last_edit,
        "edit_done": last_edit and last_edit.transaction_count - bulk_edits.count_remaining(last_edit),
    }
    return render(request, "banking/transactions/list.html", context, status=400 if form else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@limited("edit")
def transaction(request: HttpRequest, transaction_id: UUID) -> HttpResponse:
    """Show a transaction: what the bank sent, what follows from it, and the form of the user's edits."""
    own = Transaction.objects.of(query_string.current_user(request)).live()
    related = (*transactions.RELATED, "user_category", "user", "parent_transaction")
    shown = get_object_or_404(own.select_related(*related), id=transaction_id)
    form = TransactionEditForm(request.POST or None, initial=TransactionEditForm.initial_for(shown))
    if request.method == "POST" and form.is_valid():
        category_before, edits = shown.user_category_id, form.edits()
        try:
            overrides.save_edits(shown, edits)
        except ObjectDoesNotExist as error:  # the bank may just have been disconnected
            raise Http404 from error
        is_new_category = edits.override.category_id not in (None, category_before)
        messages.success(request, always_message(shown) if is_new_category else _("Saved."))
        return redirect("transaction", transaction_id=shown.id)
    context = {
        "transaction": shown,
        "payment": payment_details(shown),
        "form": form,
        "possible_originals": transactions.possible_originals(shown),
        "counterparts": matches.counterparts_of(shown),
        "current": transactions.splits_of(shown),
        "tags": transactions.user_tags(shown.user),
        "history": history_of(shown, CategoryTree.cached()),
    }
    return render(request, "banking/transactions/detail.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
@limited("edit")
def replacement(request: HttpRequest, transaction_id: UUID) -> HttpResponse:
    """Store the user's answer whether a transaction replaces a deleted one."""
    own = Transaction.objects.of(query_string.current_user(request))
    new = get_object_or_404(own.live().select_related("account"), id=transaction_id)
    old = get_object_or_404(own, id=query_string.uuid_or_404(request.POST.get("original", "")))
    answer = request.POST.get("answer")
    if answer not in ("same", "another"):
        messages.error(request, _("Choose an answer. Nothing was changed."))
        return redirect("transaction", transaction_id=new.id)
    store = replacements.accept if answer == "same" else replacements.reject
    try:
        if store(new, old, now=timezone.now()):
            messages.success(request, _("Your changes were kept.") if answer == "same" else _("Saved."))
        else:
            messages.info(request, _("This was already answered. Nothing was changed."))
    except ObjectDoesNotExist as error:  # the bank may just have been disconnected
        raise Http404 from error
    return redirect("transaction", transaction_id=new.id)
