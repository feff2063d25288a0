"""Edit transactions in their list: the category of one, many at once, and undo."""

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
from banking.ledger import bulk_edits
from banking.ledger.classification import Override
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import BulkEdit, CategoryTree, Transaction
from banking.ledger.overrides import save_edits
from banking.reports.transactions import RELATED
from banking.web import query_string, tasks
from banking.web.forms import BulkEditForm, CategoryForm
from banking.web.views import transactions

MAX_INTERACTIVE = 500  # transactions that are edited within the request; more is left to a task


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@limited("edit")
def category(request: HttpRequest, transaction_id: UUID) -> HttpResponse:
    """Show the category of a transaction as a choice in the list; store it and show the transaction again."""
    own = Transaction.objects.of(query_string.current_user(request)).live().select_related(*RELATED)
    transaction = get_object_or_404(own, id=transaction_id)
    if not request.headers.get("HX-Request"):
        return redirect("transaction", transaction_id=transaction.id)
    form = CategoryForm(request.POST or None, initial={"category": transaction.user_category_id or ""})
    if not form.is_valid():
        context = {"transaction": transaction, "form": form}
        return render(request, "banking/transactions/_category_choice.html", context)
    current = TransactionEdits.of(transaction)
    override = Override(form.cleaned_data["category"] or None, current.override.hidden, current.override.kind)
    try:
        save_edits(transaction, TransactionEdits(override, current.note, current.tags))
    except ObjectDoesNotExist as error:  # the bank may just have been disconnected
        raise Http404 from error
    context = {
        "transaction": own.get(id=transaction.id),
        "is_editable": True,
        "chosen_category": override.category_id,
    }
    response = render(request, "banking/transactions/_row.html", context)
    response["HX-Trigger"] = "transaction-edited"  # the page then loads its totals again
    return response


@login_required
@require_POST
@limited("bulk_edit")
def bulk_edit(request: HttpRequest) -> HttpResponse:
    """Edit the transactions that are named, or all that the filter selects; then return to the list."""
    user, now = query_string.current_user(request), timezone.now()
    tree = CategoryTree.cached()
    filters, problem = query_string.read_filter(request, tree)
    form = BulkEditForm(request.POST)
    ids = [query_string.uuid_or_404(value) for value in request.POST.getlist("transaction")]
    is_all = request.POST.get("all") == "1"
    if not form.is_valid():
        return transactions.render_list(request, form)
    if problem or not (ids or is_all):
        form.add_error(None, _("Select the transactions first."))
        return transactions.render_list(request, form)
    try:
        if is_all:
            edit = bulk_edits.create(user, filters.transactions(tree), form.change(), now=now)
        else:
            edit = bulk_edits.create_for_ids(user, ids, form.change(), now=now)
    except bulk_edits.UnknownTransactions as error:
        raise Http404 from error
    _execute(edit)
    return redirect(query_string.transactions_url(filters, before=request.GET.get("before") or None))


@login_required
@require_POST
@limited("bulk_edit")
def undo(request: HttpRequest, edit_id: int) -> HttpResponse:
    edit = get_object_or_404(BulkEdit.objects.of(query_string.current_user(request)), id=edit_id)
    if bulk_edits.undo(edit, now=timezone.now()):
        if _execute(edit):
            messages.success(request, _("Your changes were undone."))
    else:
        messages.warning(request, _("It's too late to undo this."))
    return redirect("transactions")


@login_required
@require_safe
def progress(request: HttpRequest, edit_id: int) -> HttpResponse:
    """Render the progress of a bulk edit; htmx asks again until it is done, then the page is loaded again."""
    edit = get_object_or_404(BulkEdit.objects.of(query_string.current_user(request)), id=edit_id)
    if edit.finished_at:
        return HttpResponse(headers={"HX-Refresh": "true"})
    done = edit.transaction_count - bulk_edits.count_remaining(edit)
    if request.GET.get("done") == str(done):
        return HttpResponse(status=204)  # unchanged: htmx leaves the page as it is and asks again
    context = {"edit": edit, "done": done}
    return render(request, "banking/transactions/_bulk_edit_progress.html", context)


def _execute(edit: BulkEdit) -> bool:
    """Execute the edit or its undo at once, or leave it to a task if that takes too long; tell whether it is done."""
    if edit.transaction_count > MAX_INTERACTIVE:
        tasks.enqueue_bulk_edit(edit)
        return False
    bulk_edits.execute(edit, now=timezone.now())
    return True
