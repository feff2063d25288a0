"""What the pages under reports/ share: their tabs, the scope they read, and what each of them shows."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from banking.models import CategoryTree
from banking.reports import connections
from banking.reports.scope import Scope
from banking.views import scope as scopes
from banking.views.words.text import Text

TABS: dict[str, Text] = {
    "report_categories": _("Categories"),
    "report_merchants": _("Merchants"),
    "report_cash_flow": _("Cash flow"),
    "report_pace": _("Pace"),
    "report_flow": _("Where it goes"),
}
Page = Callable[[HttpRequest, Scope, CategoryTree], dict[str, Any]]


class Tab(NamedTuple):
    text: Text
    url: str
    is_here: bool


def page(template: str) -> Callable[[Page], Callable[[HttpRequest], HttpResponse]]:
    """The view of a report: its function gives what the template needs beside the scope."""

    def decorated(report: Page) -> Callable[[HttpRequest], HttpResponse]:
        @login_required
        @require_safe
        @wraps(report)
        def view(request: HttpRequest) -> HttpResponse:
            tree, mine = CategoryTree.at_hand(), connections.connections(scopes.signed_in(request))
            scope, problem = scopes.read(request, tree, mine)
            scope = scope.report
            shared = {
                "scope": scope,
                "problem": problem,
                "tabs": tabs(request, scope),
                "json_url": _json_url(request, scope),
                "news": connections.news(scope.user, mine),
                "accounts": connections.accounts(mine),
                **scopes.choices(scope),
            }
            return render(request, template, shared | report(request, scope, tree))

        return view

    return decorated


def tabs(request: HttpRequest, scope: Scope) -> list[Tab]:
    """Each keeps the days and places."""
    here = request.resolver_match and request.resolver_match.url_name
    query = scopes.query(scope)
    return [Tab(text, f"{reverse(name)}?{query}", name == here) for name, text in TABS.items()]


def _json_url(request: HttpRequest, scope: Scope) -> str:
    assert request.resolver_match is not None
    query = scopes.query(scope, months=request.GET.get("months"))
    return f"{reverse(f'{request.resolver_match.url_name}_json')}?{query}"
