"""The spending pace report: page, chart and JSON."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from banking.ledger.models import Basis, CategoryTree
from banking.money.periods import Month, Period
from banking.reports.spending_pace import PaceReport, SpendingPace, Totals, pace_report
from banking.reports.transaction_filter import TransactionFilter
from banking.web import query_string
from banking.web.charts import Chart, Series
from banking.web.labels.dates import format_month
from banking.web.views import json_views, reports


@reports.report_page("banking/reports/pace.html")
def page(request: HttpRequest, filters: TransactionFilter, tree: CategoryTree) -> dict[str, Any]:
    report = pace_report(filters, tree, today=timezone.localdate())
    return {
        "report": report,
        "charts": [(figures, pace_chart(report, figures, filters)) for figures in report.figures],
    }


def pace_chart(report: PaceReport, figures: SpendingPace, filters: TransactionFilter) -> Chart:
    """Return the chart; each point of a month links to the transactions up to that day."""
    this = Series(
        format_month(report.month.first),
        figures.this,
        _urls(figures.this, report.month, filters, figures.currency),
        color="accent",
    )
    last = Series(
        format_month(report.last.first),
        figures.last,
        _urls(figures.last, report.last, filters, figures.currency),
        color="ink-2",
        is_comparison=True,
    )
    average = Series(_("Average of earlier months"), figures.average, color="c3", is_comparison=True)
    return Chart(
        kind="line",
        labels=tuple(str(day) for day in figures.days),
        labels_name=_("Day"),
        series=(this, last, average) if any(figures.average) else (this, last),
        currency=figures.currency,
    )


def _urls(totals: Totals, month: Month, filters: TransactionFilter, currency: str) -> tuple[str | None, ...]:
    by_purchase = filters.replace(basis=Basis.ACCRUAL)
    return tuple(
        None
        if total is None
        else query_string.transactions_url(
            by_purchase.replace(period=Period(month.first, month.day(day))),
            measure="spending",
            currency=currency,
        )
        for day, total in enumerate(totals, start=1)
    )


@json_views.json_report
def data(request: HttpRequest, filters: TransactionFilter, tree: CategoryTree) -> dict[str, Any]:
    report = pace_report(filters, tree, today=timezone.localdate())

    def days_data(totals: Totals, month: Month, currency: str) -> list[dict[str, Any]]:
        urls = _urls(totals, month, filters, currency)
        return [
            {
                "day": month.day(number),
                "spending": total,
                "transactions_url": request.build_absolute_uri(url),
            }
            for number, (total, url) in enumerate(zip(totals, urls, strict=True), start=1)
            if url
        ]

    return {
        "month": report.month,
        "until": report.until,
        "figures": [
            {
                "currency": figures.currency,
                "this": days_data(figures.this, report.month, figures.currency),
                "last": days_data(figures.last, report.last, figures.currency),
                "average": figures.average,
            }
            for figures in report.figures
        ],
    }
