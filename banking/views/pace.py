"""How fast money is spent, against the months before: a page, a chart and JSON."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from banking.models import Basis, CategoryTree
from banking.periods import Month, Period
from banking.reports import pace
from banking.reports.pace import Pace, Report, Totals
from banking.reports.scope import Scope
from banking.views import plain, reports
from banking.views import scope as scopes
from banking.views.charts import Chart, Series
from banking.views.days import month_words


@reports.page("banking/pace.html")
def page(request: HttpRequest, scope: Scope, tree: CategoryTree) -> dict[str, Any]:
    report = pace.pace(scope, tree, today=timezone.localdate())
    return {
        "report": report,
        "charts": [(figures, chart(report, figures, scope)) for figures in report.figures],
    }


def chart(report: Report, figures: Pace, scope: Scope) -> Chart:
    """Each point of a month leads to the rows up to that day; an average is of no rows of its own."""
    this = Series(
        month_words(report.month.first),
        figures.this,
        _urls(figures.this, report.month, scope, figures.currency),
        "accent",
    )
    last = Series(
        month_words(report.last.first),
        figures.last,
        _urls(figures.last, report.last, scope, figures.currency),
        "ink-2",
        is_past=True,
    )
    usual = Series(_("Average of the months before"), figures.average, tone="c3", is_past=True)
    return Chart(
        kind="line",
        labels=tuple(str(day) for day in figures.days),
        labels_name=_("Day"),
        series=(this, last, usual) if any(figures.average) else (this, last),
        currency=figures.currency,
    )


def _urls(totals: Totals, month: Month, scope: Scope, currency: str) -> tuple[str | None, ...]:
    by_purchase = replace(scope, basis=Basis.COMPETENCE)
    return tuple(
        None
        if total is None
        else scopes.rows_url(
            replace(by_purchase, period=Period(month.first, month.day(day))),
            counts="spending",
            currency=currency,
        )
        for day, total in enumerate(totals, start=1)
    )


@plain.json_report
def data(request: HttpRequest, scope: Scope, tree: CategoryTree) -> dict[str, Any]:
    report = pace.pace(scope, tree, today=timezone.localdate())

    def line(totals: Totals, month: Month, currency: str) -> list[dict[str, Any]]:
        urls = _urls(totals, month, scope, currency)
        return [
            {"day": month.day(place + 1), "spending": total, "rows_url": request.build_absolute_uri(url)}
            for place, (total, url) in enumerate(zip(totals, urls, strict=True))
            if url
        ]

    return {
        "month": str(report.month),
        "until": report.until,
        "figures": [
            {
                "currency": one.currency,
                "this": line(one.this, report.month, one.currency),
                "last": line(one.last, report.last, one.currency),
                "average": one.average,
            }
            for one in report.figures
        ],
    }
