"""JSON views of the reports, with one encoder: amounts are exact strings, and figures have links."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from banking.ledger.models import CategoryTree
from banking.money.periods import Month
from banking.reports.transaction_filter import TransactionFilter
from banking.web import query_string

Report = Callable[[HttpRequest, TransactionFilter, CategoryTree], dict[str, Any]]
Page = Callable[[HttpRequest], dict[str, Any]]


def json_report(report: Report) -> Callable[[HttpRequest], HttpResponse]:
    """Return the view of a report; it answers 400 if the period cannot be parsed."""

    @login_required
    @require_safe
    @wraps(report)
    def view(request: HttpRequest) -> HttpResponse:
        tree = CategoryTree.cached()
        filters, problem = query_string.read_filter(request, tree)
        if problem:
            return JsonResponse({"error": f"the period cannot be read: {problem}"}, status=400)
        return JsonResponse(encode(report(request, filters.for_reports, tree)))

    return view


def json_page(page: Page) -> Callable[[HttpRequest], HttpResponse]:
    """Return the view of a page without a period."""

    @login_required
    @require_safe
    @wraps(page)
    def view(request: HttpRequest) -> HttpResponse:
        return JsonResponse(encode(page(request)))

    return view


def transactions_url(request: HttpRequest, filters: TransactionFilter, **changes: object) -> str:
    """Return the absolute URL of the transactions behind a figure."""
    return request.build_absolute_uri(query_string.transactions_url(filters, **changes))


def encode(value: Any) -> Any:
    """Convert report values for JSON.

    Dataclasses and named tuples become objects, models their ids, months `2026-11`, dates ISO texts, and
    amounts texts with at least two decimals, so that no cent is lost.
    """
    if isinstance(value, Month):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "_asdict"):
        return encode(value._asdict())
    if isinstance(value, dict):
        return {key: encode(of_key) for key, of_key in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(element) for element in value]
    if isinstance(value, Decimal):
        exact = value.normalize()
        return f"{exact:f}" if -exact.as_tuple().exponent > 2 else f"{exact:.2f}"  # type: ignore[operator]
    if isinstance(value, Model):
        return encode(value.pk)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
