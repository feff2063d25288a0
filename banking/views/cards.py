"""Cards: their bills, one bill, and the instalments to come."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from banking.models import CategoryTree
from banking.periods import Month, Period
from banking.reports import cards, connections, spending, transactions
from banking.reports.scope import NotFound, Scope
from banking.views import plain
from banking.views import scope as scopes

LATEST_ROWS = 10


@login_required
@require_safe
def cards_list(request: HttpRequest) -> HttpResponse:
    """Each card: its open bill, what it owes, its closed and its coming bills."""
    user = scopes.signed_in(request)
    found = _cards(Scope(user, _this_month()))
    context = {"cards": found, **_due(user, found), "news": connections.news(user)}
    return render(request, "banking/cards.html", context)


@login_required
@require_safe
def bills_due(request: HttpRequest) -> HttpResponse:
    """A part of the overview that it asks for: what has to be paid next, whatever its period."""
    scope, _ = scopes.read(request, CategoryTree.at_hand())
    return render(request, "banking/_due.html", _due(scope.user, _cards(scope)))


@login_required
@require_safe
def instalments(request: HttpRequest) -> HttpResponse:
    """What is committed already, by purchase and by month."""
    user = scopes.signed_in(request)
    report = cards.instalments(user, _cards(Scope(user, _this_month())))
    context = {"report": report, "news": connections.news(user)}
    return render(request, "banking/instalments.html", context)


@login_required
@require_safe
def bill(request: HttpRequest, account_id: UUID, name: str) -> HttpResponse:
    """One bill: what the bank asks for, what was paid, and what its rows say."""
    user, tree = scopes.signed_in(request), CategoryTree.at_hand()
    try:
        detail = cards.detail(user, account_id, name, today=timezone.localdate())
    except NotFound as error:
        raise Http404 from error
    everything = replace(detail.statement.scope, counts=None)
    figures = spending.figures(everything, tree)
    context = {
        "detail": detail,
        "statement": detail.statement,
        "scope": everything,
        "figures": next((one for one in figures if one.currency == everything.currency), figures[0]),
        "latest": transactions.recent(detail.statement.scope, tree, limit=LATEST_ROWS),
        "news": connections.news(user),
    }
    return render(request, "banking/bill.html", context)


def _cards(scope: Scope) -> tuple[cards.Card, ...]:
    return cards.cards(scope, today=timezone.localdate())


def _due(user: User, found: tuple[cards.Card, ...]) -> dict[str, Any]:
    return {"due": cards.due(found), "instalments": cards.instalments(user, found)}


def _this_month() -> Period:
    return Period.of_month(Month.of(timezone.localdate()))


# --- For programs ------------------------------------------------------------------------------------
@plain.json_page
def cards_data(request: HttpRequest) -> dict[str, Any]:
    """Money out is positive. `total`: the bank's of a closed bill, of its rows (`owed`) of any other."""

    def bill(one: cards.Statement) -> dict[str, Any]:
        return {
            "name": one.name,
            "state": one.state,
            "closes_on": one.closes_on,
            "due_on": one.due_on,
            "total": one.total,
            "paid": one.paid,
            "rest": one.rest,
            "owed": one.owed,
            "rows_url": plain.rows_url(request, one.scope),
        }

    def card(one: cards.Card) -> dict[str, Any]:
        places = {"closed": one.closed, "coming": one.coming}
        bills = {place: [bill(each) for each in found] for place, found in places.items()}
        known = {"account": one.account.id, "name": one.account.label, "currency": one.account.currency}
        return known | {"limit": one.limit, "used": one.used, "open": bill(one.open)} | bills

    user = scopes.signed_in(request)
    return {"cards": [card(one) for one in _cards(Scope(user, _this_month()))]}


@plain.json_page
def instalments_data(request: HttpRequest) -> dict[str, Any]:
    """`expected` parts are not sent by the bank yet, and in no sum of rows."""
    user = scopes.signed_in(request)
    found = cards.instalments(user, _cards(Scope(user, _this_month())))
    return {
        "purchases": [_purchase(one) for one in found.purchases],
        "months": [
            {
                "account": load.account.id,
                "month": str(load.month),
                "known": load.known,
                "expected": load.expected,
                "rows_url": plain.rows_url(request, load.scope),
            }
            for load in found.loads
        ],
    }


def _purchase(one: cards.Purchase) -> dict[str, Any]:
    known = {"account": one.account.id, "title": one.title, "category_id": one.category_id}
    parts = [part._asdict() | {"month": str(part.month)} for part in one.parts]
    return known | {"of": one.of, "done": one.done, "left": one.left, "parts": parts}
