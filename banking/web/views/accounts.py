"""Store what a user decides about an account: closed, left out of totals, or the same as another one."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from uuid import UUID

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.limits import limited
from banking.ledger import account_settings, double_listings, owners
from banking.ledger.models import Account, DoubleListing, Transaction
from banking.money.amounts import MAX_AMOUNT
from banking.pluggy import Gone, Limited, PluggyError, Refused, payloads
from banking.web.api_client import pluggy
from banking.web.query_string import current_user, uuid_or_404
from banking.web.templatetags.finance import money_text


@login_required
@require_POST
@limited("edit")
def review_listing(request: HttpRequest, listing_id: int) -> HttpResponse:
    """Store the answer whether two holdings are the same money, or undo it."""
    listing = get_object_or_404(DoubleListing.objects.of(current_user(request)), id=listing_id)
    answer, now = request.POST.get("answer"), timezone.now()
    try:
        if answer == "undo":
            double_listings.undo(listing, now=now)
        elif answer in ("same", "no"):
            double_listings.review(listing, is_same=answer == "same", now=now)
        else:
            messages.error(request, _("Choose an answer. Nothing was changed."))
            return redirect("matches")
    except double_listings.NotSuggested:
        messages.info(request, _("This was already answered. Nothing was changed."))
    else:
        messages.success(request, _("Saved."))
    return redirect("matches")


@login_required
@require_POST
@limited("edit")
def review_owner(request: HttpRequest, transaction_id: UUID) -> HttpResponse:
    """Store whether the counterparty of a transaction is the owner of its account."""
    own = Transaction.objects.of(current_user(request)).live().filter(account__item__disconnected_at=None)
    transaction = get_object_or_404(own, id=transaction_id)
    answer = request.POST.get("answer")
    if answer not in ("me", "no"):
        messages.error(request, _("Choose an answer. Nothing was changed."))
        return redirect("matches")
    try:
        owners.answer(transaction, is_owner=answer == "me", now=timezone.now())
    except owners.NotAsked:
        messages.info(request, _("This was already answered. Nothing was changed."))
    else:
        messages.success(request, _("Saved."))
    return redirect("matches")


@login_required
@require_POST
@limited("edit")
def merge_account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Store that another account of the user is the same one."""
    account = _account(request, account_id)
    other = _account(request, uuid_or_404(request.POST.get("other", "")))
    try:
        double_listings.merge(account, other, now=timezone.now())
    except double_listings.NotTheSame:
        messages.error(
            request, _("Choose a different account of the same type and currency. Nothing was changed.")
        )
    except double_listings.NotSuggested:
        messages.info(request, _("This was already answered. Nothing was changed."))
    else:
        messages.success(request, _("Saved. The account counts once."))
    return redirect("connection", item_id=account.item_id)


@login_required
@require_POST
@limited("edit")
def close_account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Store since when an account is closed, or that it is open."""
    account = _account(request, account_id)
    if request.POST.get("answer") == "open":
        return _saved(request, account, account_settings.keep_open)
    on = _date(request.POST.get("on", ""))
    if on is None:
        messages.error(request, _("Enter the day on which the account was closed. Nothing was changed."))
        return redirect("connection", item_id=account.item_id)
    try:
        account_settings.close(account, on, today=timezone.localdate())
    except account_settings.ClosedInFuture:
        messages.error(request, _("The closing day is in the future. Nothing was changed."))
    else:
        messages.success(request, _("Saved."))
    return redirect("connection", item_id=account.item_id)


@login_required
@require_POST
@limited("edit")
def leave_out_account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Leave an account out of totals, or take it in again."""
    account, answer = _account(request, account_id), request.POST.get("answer")
    if answer not in ("leave out", "take in"):
        messages.error(request, _("Choose an answer. Nothing was changed."))
        return redirect("connection", item_id=account.item_id)
    is_left_out = answer == "leave out"
    return _saved(
        request, account, lambda account: account_settings.leave_out(account, is_left_out=is_left_out)
    )


@login_required
@require_POST
def read_balance(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Ask the bank for the balance of an account and show it. It is not stored: the next update brings it."""
    account = _account(request, account_id)
    if account.item.is_imported:
        raise Http404
    if not ratelimit.consume(request, action="read_balance", user=current_user(request)):
        messages.warning(request, _("Too many attempts. Wait a minute."))
        return redirect("connection", item_id=account.item_id)
    try:
        balance = pluggy().balance(account.id)
    except (Refused, Gone):
        messages.warning(request, _("The bank doesn't give this balance right now."))
    except Limited:
        messages.warning(request, _("Too many updates right now. Try again in a minute."))
    except PluggyError:
        messages.warning(request, _("We couldn't reach Pluggy. Try again soon."))
    else:
        messages.info(request, _balance_text(request, account, balance))
    return redirect("connection", item_id=account.item_id)


def _balance_text(request: HttpRequest, account: Account, balance: payloads.Balance) -> str:
    """Say the balance; an amount that is none costs only itself."""
    hidden = current_user(request).hides_amounts

    def money(amount: Decimal) -> str:
        return money_text(amount, account.currency, hidden=hidden)

    if not _is_amount(balance.balance) or balance.currency_code not in ("", account.currency):
        return _("The bank doesn't give this balance right now.")
    text = _("Balance of %(account)s at the bank now: %(balance)s.") % {
        "account": account.label,
        "balance": money(balance.balance),
    }
    if balance.blocked_balance and _is_amount(balance.blocked_balance):
        text += " " + _("Blocked: %(amount)s.") % {"amount": money(balance.blocked_balance)}
    return text


def _is_amount(value: Decimal) -> bool:
    return value.is_finite() and abs(value) < MAX_AMOUNT


def _saved(request: HttpRequest, account: Account, store: Callable[[Account], None]) -> HttpResponse:
    store(account)
    messages.success(request, _("Saved."))
    return redirect("connection", item_id=account.item_id)


def _account(request: HttpRequest, account_id: UUID) -> Account:
    own = Account.objects.of(current_user(request)).shown().select_related("item__connector")
    return get_object_or_404(own, id=account_id)


def _date(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
