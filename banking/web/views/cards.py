"""Cards: the list, one bill, the installments to come, and the same as JSON."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from banking.ledger.models import CategoryTree
from banking.money.periods import Month, Period
from banking.reports import (
    cards,
    connections,
    spending,
    transactions,
)
from banking.reports.transaction_filter import NotFound, TransactionFilter
from banking.web import query_string
from banking.web.views import json_views

LATEST = 10  # transactions on the page of a bill


@login_required
@require_safe
def cards_list(request: HttpRequest) -> HttpResponse:
    """Show each card with its open, closed and coming bills."""
    user = query_string.current_user(request)
    listed = _cards(_this_month(user))
    context = {"cards": listed, **_due(user, listed), "data_version": connections.data_version(user)}
    return render(request, "banking/cards/list.html", context)


@login_required
@require_safe
def bills_due(request: HttpRequest) -> HttpResponse:
    """Render the next bills to pay, a part of the overview that is loaded separately."""
    filters, _ = query_string.read_filter(request, CategoryTree.cached())
    return render(request, "banking/cards/_due.html", _due(filters.user, _cards(filters)))


@login_required
@require_safe
def installments(request: HttpRequest) -> HttpResponse:
    """Show what is committed already, by purchase and by month."""
    user = query_string.current_user(request)
    report = cards.installment_report(user, _cards(_this_month(user)))
    context = {"report": report, "data_version": connections.data_version(user)}
    return render(request, "banking/cards/installments.html", context)


@login_required
@require_safe
def bill(request: HttpRequest, account_id: UUID, name: str) -> HttpResponse:
    """Show a bill with its payments and its transactions by category."""
    user, tree = query_string.current_user(request), CategoryTree.cached()
    try:
        detail = cards.bill_detail(user, account_id, name, today=timezone.localdate())
    except NotFound as error:
        raise Http404 from error
    filters = detail.statement.filters.replace(measure=None)
    by_currency = {figures.currency: figures for figures in spending.figures(filters, tree)}
    context = {
        "detail": detail,
        "statement": detail.statement,
        "filters": filters,
        "figures": by_currency.get(filters.currency or "", next(iter(by_currency.values()))),
        "latest": transactions.recent(detail.statement.filters, tree, limit=LATEST),
        "data_version": connections.data_version(user),
    }
    return render(request, "banking/cards/bill.html", context)


def _cards(filters: TransactionFilter) -> tuple[cards.Card, ...]:
    return cards.cards_of(filters, today=timezone.localdate())


def _due(user: User, listed: tuple[cards.Card, ...]) -> dict[str, Any]:
    return {"due": cards.bills_due(listed), "installments": cards.installment_report(user, listed)}


def _this_month(user: User) -> TransactionFilter:
    return TransactionFilter(user, Period.of_month(Month.of(timezone.localdate())))


# --- JSON --------------------------------------------------------------------------------------------------


@json_views.json_page
def cards_data(request: HttpRequest) -> dict[str, Any]:
    """Money out is positive, except in `balance`, where what is owed is negative.

    `total` is the bank's for a closed bill, else the sum of transactions (`owed`). `unconverted` are amounts by
    foreign currency, which are in neither.
    """
    listed = _cards(_this_month(query_string.current_user(request)))
    return {"cards": [_card_data(request, card) for card in listed]}


def _card_data(request: HttpRequest, card: cards.Card) -> dict[str, Any]:
    return {
        "account": card.account,
        "name": card.account.label,
        "currency": card.account.currency,
        "balance": card.balance,
        "balance_is_unclear": card.account.is_balance_unclear,
        "limit": card.limit,
        "status": card.account.card_status or "ACTIVE",
        "used": card.used,
        "open": _bill_data(request, card.open),
        "closed": [_bill_data(request, statement) for statement in card.closed],
        "coming": [_bill_data(request, statement) for statement in card.coming],
    }


def _bill_data(request: HttpRequest, statement: cards.Statement) -> dict[str, Any]:
    return {
        "name": statement.name,
        "state": statement.state,
        "closes_on": statement.closes_on,
        "due_on": statement.due_on,
        "total": statement.total,
        "paid": statement.paid,
        "unpaid": statement.unpaid,
        "owed": statement.owed,
        "unconverted": {total.currency: total.owed for total in statement.unconverted},
        "transactions_url": json_views.transactions_url(request, statement.filters),
    }


@json_views.json_page
def installments_data(request: HttpRequest) -> dict[str, Any]:
    """Return the installments. The bank has not sent `expected` ones yet; they are in no sum of transactions."""
    user = query_string.current_user(request)
    report = cards.installment_report(user, _cards(_this_month(user)))
    return {
        "purchases": [_purchase_data(purchase) for purchase in report.purchases],
        "months": [
            {
                "account": month.account,
                "month": month.month,
                "known": month.known,
                "expected": month.expected,
                "transactions_url": json_views.transactions_url(request, month.filters),
            }
            for month in report.months
        ],
    }


def _purchase_data(purchase: cards.InstallmentPurchase) -> dict[str, Any]:
    return {
        "account": purchase.account,
        "title": purchase.title,
        "category_id": purchase.category_id,
        "count": purchase.count,
        "done_count": purchase.done_count,
        "remaining": purchase.remaining,
        "expected": purchase.expected,
        "installments": purchase.installments,
    }
