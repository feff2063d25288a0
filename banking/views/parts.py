"""The parts of one row: how a person splits it, changes the parts, and puts them back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist
from django.forms import BaseFormSet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banking.actions.parts import NotAPart, TooMuch, split
from banking.forms import PartForm, PartForms
from banking.models import Transaction
from banking.reports.transactions import RELATED, parts_of
from banking.views import scope as scopes


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def parts(request: HttpRequest, transaction_id: UUID) -> HttpResponse:
    mine = Transaction.objects.of(scopes.signed_in(request)).live().from_bank()
    row = get_object_or_404(mine.select_related(*RELATED), id=transaction_id)
    taken = parts_of(row)
    forms = PartForms(request.POST or None, initial=[_initial(part) for part in taken.parts])
    error = ""
    if request.method == "POST" and forms.is_valid():
        error = _split(row, forms)
        if not error:
            messages.success(request, _("Saved."))
            return redirect("transaction", transaction_id=row.id)
    context = {"row": row, "taken": taken, "forms": forms, "error": error}
    return render(request, "banking/parts.html", context, status=400 if request.method == "POST" else 200)


def _split(row: Transaction, forms: "BaseFormSet[PartForm]") -> str:
    """What was wrong, in words."""
    pieces = [piece for form in forms if (piece := form.piece())]
    try:
        split(row, pieces)
    except TooMuch:
        return _("The parts come to more than the transaction. Nothing was changed.")
    except (NotAPart, ObjectDoesNotExist) as error:  # or disconnected at this very moment
        raise Http404 from error
    return ""


def _initial(part: Transaction) -> dict[str, Any]:
    return {
        "part": part.id,
        "amount": abs(part.flow),
        "category": part.person_category_id or "",
        "note": part.note,
    }
