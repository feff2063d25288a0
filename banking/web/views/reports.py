"""Build what the report pages share: their tabs, their filter and the context of all of them."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from banking.ledger.models import CategoryTree
from banking.reports import connections
from banking.reports.transaction_filter import TransactionFilter
from banking.web import query_string
from banking.web.labels.text import Text

TABS: dict[str, Text] = {
    "report_categories": _("Categories"),
    "report_merchants": _("Merchants"),
    "report_cash_flow": _("Cash flow"),
    "report_pace": _("Pace"),
    "report_money_flow": _("Where it goes"),
}
ReportContext = Callable[[HttpRequest, TransactionFilter, CategoryTree], dict[str, Any]]


class Tab(NamedTuple):
    text: Text
    url: str
    is_current: bool


def report_page(template: str) -> Callable[[ReportContext], Callable[[HttpRequest], HttpResponse]]:
    """Return a decorator that makes a view of a function that returns a report's own context."""

    def decorator(report_context: ReportContext) -> Callable[[HttpRequest], HttpResponse]:
        @login_required
        @require_safe
        @wraps(report_context)
        def view(request: HttpRequest) -> HttpResponse:
            tree = CategoryTree.cached()
            listed = connections.connections_of(query_string.current_user(request))
            filters, problem = query_string.read_filter(request, tree, listed)
            filters = filters.for_reports
            shared = {
                "filters": filters,
                "problem": problem,
                "tabs": _tabs(request, filters),
                "json_url": _json_url(request, filters),
                "data_version": connections.data_version(filters.user, listed),
                "accounts": connections.accounts_of(listed),
                **query_string.period_context(filters),
            }
            return render(request, template, shared | report_context(request, filters, tree))

        return view

    return decorator


def _tabs(request: HttpRequest, filters: TransactionFilter) -> list[Tab]:
    """Return the tabs; each keeps the filter."""
    current = request.resolver_match and request.resolver_match.url_name
    query = query_string.query(filters)
    return [Tab(text, f"{reverse(name)}?{query}", name == current) for name, text in TABS.items()]


def _json_url(request: HttpRequest, filters: TransactionFilter) -> str:
    assert request.resolver_match is not None
    query = query_string.query(filters, months=request.GET.get("months"))
    return f"{reverse(f'{request.resolver_match.url_name}_json')}?{query}"
