"""The first page: what came in, what went out and what is left, by category."""

import dataclasses
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from banking.models import CategoryTree
from banking.reports import connections, spending, suggestions, transactions
from banking.reports.scope import Scope
from banking.views import scope as scopes

RECENT_ROWS = 8


@login_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    tree = CategoryTree.load()
    scope, problem = scopes.read(request, tree)
    scope = scope.report
    mine = connections.connections(scope.user)
    if not any(one.was_read or one.is_busy for one in mine):
        return render(
            request, "banking/empty.html", {"news": connections.news(scope.user, mine), "failed": mine}
        )
    context = _context(scope, tree) | {
        "connections": mine,
        "balances": connections.balances(mine, item=scope.item, account=scope.account),
        "busy": [one for one in mine if one.is_busy],
        "news": connections.news(scope.user, mine),
        "problem": problem,
        "asked": suggestions.count(scope.user),
    }
    return render(request, "banking/overview.html", context)


def _context(scope: Scope, tree: CategoryTree) -> dict[str, Any]:
    return {
        "scope": scope,
        "report": spending.spending(scope, tree),
        "recent": transactions.recent(scope, tree, limit=RECENT_ROWS),
        **scopes.choices(scope),
    }


@login_required
@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """Asked every few seconds by an open page: nothing while `seen` holds, else "load yourself anew"."""
    seen = connections.news(scopes.signed_in(request))
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    return HttpResponse(headers={"HX-Refresh": "true"})


@login_required
@require_safe
def overview_json(request: HttpRequest) -> HttpResponse:
    """The same report for programs. Amounts are strings: JSON numbers would lose cents."""
    tree = CategoryTree.load()
    scope, problem = scopes.read(request, tree)
    if problem:
        return JsonResponse({"error": f"the period cannot be read: {problem}"}, status=400)
    return JsonResponse(_plain(spending.spending(scope.report, tree), request, scope.report))


def _plain(report: spending.Report, request: HttpRequest, scope: Scope) -> dict[str, Any]:
    """Names are snake_case as in the report; `rows_url` lists the rows behind each figure."""
    plain: dict[str, Any] = _strings(dataclasses.asdict(report))
    for figures in plain["figures"]:
        figures["left_over"] = str(Decimal(figures["income"]) - Decimal(figures["spending"]))
        here = {"currency": figures["currency"]}
        for counts in ("income", "spending", "left_over"):
            figures[f"{counts}_rows_url"] = request.build_absolute_uri(
                scopes.rows_url(scope, counts=counts, **here)
            )
        for line in figures["uncounted"]:
            line["rows_url"] = request.build_absolute_uri(scopes.rows_url(scope, counts=line["kind"], **here))
        for counts in ("income", "spending"):
            for line in _all_lines(figures[f"{counts}_lines"]):
                only = "1" if line["only"] else None
                url = scopes.rows_url(scope, counts=counts, category=line["category_id"], only=only, **here)
                line["rows_url"] = request.build_absolute_uri(url)
    return plain


def _all_lines(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for line in lines for one in (line, *line["lines"])]


def _strings(value: Any) -> Any:
    """Decimals as plain text with two places or more, dates as ISO dates."""
    if isinstance(value, dict):
        return {key: _strings(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strings(part) for part in value]
    if isinstance(value, Decimal):
        exact = value.normalize()
        return f"{exact:f}" if -exact.as_tuple().exponent > 2 else f"{exact:.2f}"  # type: ignore[operator]
    return value.isoformat() if hasattr(value, "isoformat") else value
