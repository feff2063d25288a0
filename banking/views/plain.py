"""Reports for programs: exact amounts as strings, and the address of the rows behind each figure."""

from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from banking.models import CategoryTree
from banking.reports.scope import Scope
from banking.views import scope as scopes

Report = Callable[[HttpRequest, Scope, CategoryTree], dict[str, Any]]
Page = Callable[[HttpRequest], dict[str, Any]]


def json_report(report: Report) -> Callable[[HttpRequest], HttpResponse]:
    """The view of a report; a period that cannot be read is an error, never another period."""

    @login_required
    @require_safe
    @wraps(report)
    def view(request: HttpRequest) -> HttpResponse:
        tree = CategoryTree.at_hand()
        scope, problem = scopes.read(request, tree)
        if problem:
            return JsonResponse({"error": f"the period cannot be read: {problem}"}, status=400)
        return JsonResponse(strings(report(request, scope.report, tree)))

    return view


def json_page(page: Page) -> Callable[[HttpRequest], HttpResponse]:
    """The same for what has no period to choose."""

    @login_required
    @require_safe
    @wraps(page)
    def view(request: HttpRequest) -> HttpResponse:
        return JsonResponse(strings(page(request)))

    return view


def rows_url(request: HttpRequest, scope: Scope, **changes: object) -> str:
    return request.build_absolute_uri(scopes.rows_url(scope, **changes))


def strings(value: Any) -> Any:
    """Decimals as plain text with two places or more, dates and ids as text."""
    if isinstance(value, dict):
        return {key: strings(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [strings(part) for part in value]
    if isinstance(value, Decimal):
        exact = value.normalize()
        return f"{exact:f}" if -exact.as_tuple().exponent > 2 else f"{exact:.2f}"  # type: ignore[operator]
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
