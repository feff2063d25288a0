"""The page on which a user splits a transaction, changes the splits or removes them."""

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

from accounts.limits import limited
from banking.ledger import splits
from banking.ledger.models import Transaction
from banking.reports.payment_details import payment_details
from banking.reports.transactions import RELATED, splits_of
from banking.web import query_string
from banking.web.forms import SplitForm, SplitFormSet

INTEREST, LATE_PAYMENT = "02020000", "02010000"  # categories


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@limited("edit")
def edit_splits(request: HttpRequest, transaction_id: UUID) -> HttpResponse:
    """Show and save the splits of one of the bank's transactions."""
    own = Transaction.objects.of(query_string.current_user(request)).live().from_bank()
    transaction = get_object_or_404(own.select_related(*RELATED), id=transaction_id)
    current = splits_of(transaction)
    initial = [_initial(split) for split in current.splits]
    if not initial and request.GET.get("parts") == "late":
        initial = _late_costs(transaction)
    forms = SplitFormSet(request.POST or None, initial=initial)
    error = ""
    if request.method == "POST" and forms.is_valid():
        error = _save(transaction, forms)
        if not error:
            messages.success(request, _("Saved."))
            return redirect("transaction", transaction_id=transaction.id)
    context = {"transaction": transaction, "current": current, "forms": forms, "error": error}
    return render(
        request, "banking/transactions/splits.html", context, status=400 if request.method == "POST" else 200
    )


def _save(transaction: Transaction, forms: "BaseFormSet[SplitForm]") -> str:
    """Save the splits of the forms; return an error message, empty when all went well."""
    try:
        splits.replace_splits(transaction, [split for form in forms if (split := form.to_split())])
    except splits.SplitExceedsAmount:
        return _("The parts add up to more than the transaction. Nothing was changed.")
    except (splits.UnknownSplit, ObjectDoesNotExist) as error:  # the bank may just have been disconnected
        raise Http404 from error
    return ""


def _late_costs(transaction: Transaction) -> list[dict[str, Any]]:
    """Return the interest and the penalty of a late boleto as the parts to suggest, if they are a part of it."""
    payment = payment_details(transaction)
    if not payment.late_costs or payment.late_costs >= abs(transaction.signed_amount):
        return []
    parts = ((payment.interest, INTEREST), (payment.penalty, LATE_PAYMENT))
    return [{"amount": amount, "category": category} for amount, category in parts if amount]


def _initial(split: Transaction) -> dict[str, Any]:
    return {
        "split": split.id,
        "amount": abs(split.signed_amount),
        "category": split.user_category_id or "",
        "note": split.note,
    }
