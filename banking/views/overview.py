"""The first page: what came in, what went out and what is left, by category."""

import dataclasses
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from banking.models import CategoryTree
from banking.reports import changes, connections, pace, spending, transactions, worth
from banking.reports.comparison import comparison
from banking.reports.connections import Connection
from banking.reports.glance import Glance, glance
from banking.reports.scope import Scope
from banking.reports.spending import HOME_CURRENCY
from banking.reports.sums import groups_of
from banking.views import plain
from banking.views import scope as scopes
from banking.views.pace import chart as pace_chart

RECENT_ROWS = 8


@login_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    tree, mine = CategoryTree.at_hand(), connections.connections(scopes.signed_in(request))
    scope, problem = scopes.read(request, tree, mine)
    scope = scope.report
    if not any(one.was_read or one.is_busy for one in mine):
        return render(
            request, "banking/empty.html", {"news": connections.news(scope.user, mine), "failed": mine}
        )
    seen = glance(scope, tree)
    context = {
        "scope": scope,
        "problem": problem,
        "asked": seen.asked,
        "connections": mine,
        "has_cards": any(account.is_card for one in mine for account in one.accounts),
        "balances": connections.balances(mine, item=scope.item, account=scope.account),
        "worth": _worth(scope, mine),
        "busy": [one for one in mine if one.is_busy],
        "news": connections.news(scope.user, mine),
        "accounts": connections.accounts(mine),
        **scopes.choices(scope, newest=seen.newest),
    }
    return render(request, "banking/overview.html", context | _figures(scope, tree, mine, seen))


def _figures(scope: Scope, tree: CategoryTree, mine: Sequence[Connection], seen: Glance) -> dict[str, Any]:
    """Each against the same days before; of a month, the pace too."""
    today = timezone.localdate()
    compared = comparison(scope.period, scope.basis, today=today)
    groups = groups_of(scope, tree, (scope.period, *compared.pair))
    figures = {
        "report": spending.report(scope, groups[scope.period], tree, seen),
        "recent": transactions.recent(scope, tree, limit=RECENT_ROWS),
        "compared": compared,
        "changes": changes.changes(groups, compared, tree),
        "balances_then": _balances_then(scope, mine, compared.before.end, today),
    }
    return figures | _pace(scope, tree, today) if scope.period.month else figures


def _worth(scope: Scope, mine: Sequence[Connection]) -> dict[str, Decimal]:
    """Of everything: it has no place beside the balance of a part."""
    if scope.item or scope.account:
        return {}
    return worth.now(scope.user, [account for one in mine for account in one.accounts])


def _balances_then(scope: Scope, mine: Sequence[Connection], day: date, today: date) -> dict[str, Decimal]:
    """Balances are of today, so they are compared only where today is shown."""
    if not scope.period.start <= today <= scope.period.end:
        return {}
    accounts = [one for each in mine if scope.item in (None, each.item) for one in each.accounts]
    shown = [one for one in accounts if scope.account in (None, one)]
    return changes.balances_on(scope.user, shown, day)


def _pace(scope: Scope, tree: CategoryTree, today: date) -> dict[str, Any]:
    """Of the home currency, against the month before."""
    report = pace.pace(dataclasses.replace(scope, currency=HOME_CURRENCY), tree, today=today, months=1)
    main = report.figures[0]
    return {"pace": report, "pace_main": main, "pace_chart": pace_chart(report, main, scope)}


@login_required
@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """Asked every few seconds by an open page: nothing while `seen` holds, else "load yourself anew"."""
    seen = connections.news(scopes.signed_in(request))
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    return HttpResponse(headers={"HX-Refresh": "true"})


@plain.json_report
def overview_json(request: HttpRequest, scope: Scope, tree: CategoryTree) -> dict[str, Any]:
    """Names are snake_case as in the report; `rows_url` lists the rows behind each figure."""
    report = spending.spending(scope, tree)
    answer = dataclasses.asdict(report)
    for figures, known in zip(answer["figures"], report.figures, strict=True):
        figures["left_over"] = known.left_over
        here = {"currency": known.currency}
        for counts in ("income", "spending", "left_over"):
            figures[f"{counts}_rows_url"] = plain.rows_url(request, scope, counts=counts, **here)
        for line in figures["uncounted"]:
            line["rows_url"] = plain.rows_url(request, scope, counts=line["kind"], **here)
        for counts in ("income", "spending"):
            for line in _all_lines(figures[f"{counts}_lines"]):
                only = "1" if line["only"] else None
                line["rows_url"] = plain.rows_url(
                    request, scope, counts=counts, category=line["category_id"], only=only, **here
                )
    return answer


def _all_lines(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for line in lines for one in (line, *line["lines"])]
