"""Net worth: page, chart and JSON."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from banking.reports import connections
from banking.reports.net_worth import NetWorth, net_worth_report
from banking.web.charts import Chart, Series
from banking.web.labels.dates import format_day
from banking.web.query_string import current_user
from banking.web.views import json_views, month_ranges


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    user = current_user(request)
    months = month_ranges.selected_months(request)
    report = net_worth_report(user, months=months, today=timezone.localdate())
    context = {
        "currencies": [(net_worth, _chart(net_worth)) for net_worth in report],
        "data_version": connections.data_version(user),
        **month_ranges.context(request),
    }
    return render(request, "banking/net_worth/net_worth.html", context)


def _chart(net_worth: NetWorth) -> Chart | None:
    """Return the chart over time; None for a single day."""
    points = net_worth.points
    if len(points) < 2:
        return None
    return Chart(
        kind="bar",
        labels=tuple(format_day(point.day) for point in points),
        series=(
            Series(_("Net worth"), tuple(point.net_worth for point in points), color="ink", is_line=True),
            Series(_("What you have"), tuple(point.assets for point in points), color="c1"),
            Series(_("What you owe"), tuple(-point.debts for point in points), color="c3"),
        ),
        currency=net_worth.currency,
        labels_name=_("Day"),
    )


@json_views.json_page
def data(request: HttpRequest) -> dict[str, Any]:
    """Return the net worth. Debts are negative as the value of a holding, and positive as `debts`."""
    months = month_ranges.selected_months(request)
    report = net_worth_report(current_user(request), months=months, today=timezone.localdate())
    return {"currencies": [_net_worth_data(net_worth) for net_worth in report]}


def _net_worth_data(net_worth: NetWorth) -> dict[str, Any]:
    return {
        "currency": net_worth.currency,
        "net_worth": net_worth.now.net_worth,
        "sections": [
            {"group": section.group, "total": section.total, "holdings": section.holdings}
            for section in net_worth.sections
        ],
        "points": [json_views.encode(point) | {"net_worth": point.net_worth} for point in net_worth.points],
    }
