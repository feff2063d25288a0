"""Net worth: what there is and what is owed, and how that came to be."""

from dataclasses import asdict
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from banking.reports import connections
from banking.reports import worth as report
from banking.templatetags.finance import day
from banking.views import plain, spans
from banking.views.charts import Chart, Series
from banking.views.scope import signed_in


@login_required
@require_safe
def worth(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    months = spans.SPANS[spans.chosen(request)]
    found = report.worth(user, months=months, today=timezone.localdate())
    context = {
        "currencies": [(one, chart(one)) for one in found],
        "news": connections.news(user),
        **spans.choices(request),
    }
    return render(request, "banking/worth.html", context)


def chart(one: report.Worth) -> Chart | None:
    """One day makes no history."""
    if len(one.points) < 2:
        return None
    return Chart(
        kind="bar",
        labels=tuple(day(point.day) for point in one.points),
        series=(
            Series(_("Net worth"), tuple(point.worth for point in one.points), tone="ink", is_line=True),
            Series(_("What you have"), tuple(point.assets for point in one.points), tone="c1"),
            Series(_("What you owe"), tuple(-point.debts for point in one.points), tone="c3"),
        ),
        currency=one.currency,
        labels_name=_("Day"),
    )


@plain.json_page
def data(request: HttpRequest) -> dict[str, Any]:
    """What is owed is negative among the things, and positive as debts."""
    months = spans.SPANS[spans.chosen(request)]
    found = report.worth(signed_in(request), months=months, today=timezone.localdate())
    return {"currencies": [_plain(one) for one in found]}


def _plain(one: report.Worth) -> dict[str, Any]:
    sections = [
        {"group": each.group, "total": each.total, "things": [asdict(thing) for thing in each.things]}
        for each in one.sections
    ]
    points = [asdict(point) | {"worth": point.worth} for point in one.points]
    return {"currency": one.currency, "worth": one.now.worth, "sections": sections, "points": points}
