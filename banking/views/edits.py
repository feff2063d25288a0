"""What a person says of rows from their list: of one in its place, of many at once, and taken back."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from banking import tasks
from banking.actions import edits
from banking.actions.transactions import say
from banking.classify import Word
from banking.forms import CategoryForm, EditForm
from banking.models import CategoryTree, Edit, Transaction
from banking.reports.transactions import RELATED
from banking.upsert.words import Said
from banking.views import scope as scopes
from banking.views import transactions
from banking.views.words.rows import KINDS

MOST_AT_ONCE = 5_000  # while the person waits; more is left to a task


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def category(request: HttpRequest, transaction_id: UUID) -> HttpResponse:
    """The row's category as a choice in its place; what is chosen is stored, and the row comes back."""
    mine = Transaction.objects.of(scopes.signed_in(request)).live()
    row = get_object_or_404(mine.select_related(*RELATED), id=transaction_id)
    if not request.headers.get("HX-Request"):
        return redirect("transaction", transaction_id=row.id)
    form = CategoryForm(request.POST or None, initial={"category": row.person_category_id or ""})
    if not form.is_valid():
        return render(request, "banking/_category_choice.html", {"row": row, "form": form})
    was = Said.about(row)
    word = Word(form.cleaned_data["category"] or None, was.word.hidden, was.word.kind)
    try:
        say(row, Said(word, was.note, was.tags))
    except ObjectDoesNotExist as error:  # disconnected at this very moment
        raise Http404 from error
    said = mine.select_related(*RELATED).get(id=row.id)
    answer = render(request, "banking/_row.html", {"row": said, "edits": True, "said": word.category_id})
    answer["HX-Trigger"] = "said"  # the totals are read again
    return answer


@login_required
@require_POST
def edit_rows(request: HttpRequest) -> HttpResponse:
    """Of the rows that are named, or of all that the address finds; then back to the list."""
    user, now = scopes.signed_in(request), timezone.now()
    tree = CategoryTree.at_hand()
    scope, problem = scopes.read(request, tree)
    form = EditForm(request.POST, kinds=KINDS)
    ids = [scopes.uuid_or_404(one) for one in request.POST.getlist("row")]
    takes_all = request.POST.get("all") == "1"
    if not form.is_valid():
        return transactions.shown(request, form)
    if problem or not (ids or takes_all):
        form.add_error(None, _("Choose the transactions first."))
        return transactions.shown(request, form)
    change = form.change()
    try:
        edit = (
            edits.begin(user, scope.rows(tree), change, now=now)
            if takes_all
            else edits.begin_with(user, ids, change, now=now)
        )
    except edits.NotThere as error:
        raise Http404 from error
    _carry_out(edit)
    return redirect(scopes.rows_url(scope, before=request.GET.get("before") or None))


@login_required
@require_POST
def undo(request: HttpRequest, edit_id: int) -> HttpResponse:
    user, now = scopes.signed_in(request), timezone.now()
    edit = get_object_or_404(Edit.objects.of(user), id=edit_id)
    if edits.undo(edit, now=now):
        _carry_out(edit)
        messages.success(request, _("Everything is as it was before."))
    else:
        messages.warning(request, _("It is too late to undo this."))
    return redirect("transactions")


def _carry_out(edit: Edit) -> None:
    if edit.rows > MOST_AT_ONCE:
        tasks.carry_out_soon(edit)
    else:
        edits.carry_out(edit, now=timezone.now())
