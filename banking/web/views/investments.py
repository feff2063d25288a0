"""Investments: the portfolios, one position with its movements, and the same as JSON."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from banking.ledger.models import Investment
from banking.reports import connections
from banking.reports.investments import Portfolio, Position, portfolios, position_detail
from banking.web.charts import Chart, Series
from banking.web.labels.dates import format_day
from banking.web.labels.net_worth import investment_type_label
from banking.web.query_string import current_user
from banking.web.views import json_views, month_ranges


@login_required
@require_safe
def investments_list(request: HttpRequest) -> HttpResponse:
    user = current_user(request)
    months = month_ranges.selected_months(request)
    listed = portfolios(user, months=months, today=timezone.localdate())
    context = {
        "portfolios": [(portfolio, _charts(portfolio)) for portfolio in listed],
        "data_version": connections.data_version(user),
        **month_ranges.context(request),
    }
    return render(request, "banking/investments/list.html", context)


@login_required
@require_safe
def investment(request: HttpRequest, investment_id: UUID) -> HttpResponse:
    own = Investment.objects.of(current_user(request)).select_related("user", "item__connector")
    shown = get_object_or_404(own, id=investment_id)
    months = month_ranges.selected_months(request)
    today = timezone.localdate()
    detail = position_detail(shown, months=months, today=today)
    context = {
        "detail": detail,
        "today": today,
        "investment": shown,
        "chart": _line_chart(dict(detail.values), _("Net value"), shown.currency),
        **month_ranges.context(request),
    }
    return render(request, "banking/investments/detail.html", context)


def _charts(portfolio: Portfolio) -> dict[str, Chart | None]:
    by_type = {investment_type_label(piece.key): piece.total for piece in portfolio.by_type}
    by_issuer = {piece.key or _("Unknown"): piece.total for piece in portfolio.by_issuer}
    results = {point.day: point.gained for point in portfolio.results}
    return {
        "by_type": _doughnut_chart(by_type, _("Type"), portfolio.currency),
        "by_issuer": _doughnut_chart(by_issuer, _("Issuer"), portfolio.currency),
        "result": _line_chart(results, _("Result"), portfolio.currency),
    }


def _doughnut_chart(totals: Mapping[str, Decimal], name: str, currency: str) -> Chart | None:
    positive = {label: total for label, total in totals.items() if total > 0}
    if not positive:
        return None
    series = Series(_("Net value"), tuple(positive.values()))
    return Chart("doughnut", tuple(positive), (series,), currency, labels_name=name)


def _line_chart(values: Mapping[date, Decimal], name: str, currency: str) -> Chart | None:
    """Return a chart over time; None for a single day."""
    if len(values) < 2:
        return None
    labels = tuple(format_day(day) for day in values)
    return Chart("line", labels, (Series(name, tuple(values.values())),), currency, labels_name=_("Day"))


@json_views.json_page
def data(request: HttpRequest) -> dict[str, Any]:
    """Return the portfolios. What is not known is null, never 0."""
    months = month_ranges.selected_months(request)
    listed = portfolios(current_user(request), months=months, today=timezone.localdate())
    return {"currencies": [_portfolio_data(portfolio) for portfolio in listed]}


def _portfolio_data(portfolio: Portfolio) -> dict[str, Any]:
    return {
        "currency": portfolio.currency,
        "total": portfolio.total,
        "result": portfolio.result,
        "by_type": portfolio.by_type,
        "by_issuer": portfolio.by_issuer,
        "results": portfolio.results,
        "positions": [_position_data(position) for position in portfolio.positions],
        "ended": [_position_data(position) for position in portfolio.ended],
        "elsewhere": [_position_data(position) for position in portfolio.elsewhere],
    }


def _position_data(position: Position) -> dict[str, Any]:
    investment = position.investment
    return {
        "id": investment.id,
        "name": investment.name,
        "type": investment.type,
        "issuer": investment.issuer,
        "bank": position.bank,
        "balance": investment.balance,
        "invested": investment.invested,
        "result": position.result,
        "share": position.share,
    }
