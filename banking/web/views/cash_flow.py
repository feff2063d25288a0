"""The cash flow report: page, chart and JSON."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from banking.ledger.models import CategoryTree
from banking.reports.cash_flow import CashFlowFigures, CashFlowLine, cash_flow_report
from banking.reports.transaction_filter import TransactionFilter
from banking.web import query_string
from banking.web.charts import Chart, Series
from banking.web.labels.dates import format_short_month
from banking.web.views import json_views, reports

LENGTHS = (12, 24)  # months
MEASURES = {  # attribute of a CashFlowLine → measure of the filter
    "income": "income",
    "spending": "spending",
    "net_income": "net_income",
    "investments": "investment",
}


@reports.report_page("banking/reports/cash_flow.html")
def page(request: HttpRequest, filters: TransactionFilter, tree: CategoryTree) -> dict[str, Any]:
    months = _length(request)
    report = cash_flow_report(filters, months=months)
    return {
        "report": report,
        "charts": [(figures, _chart(figures, filters)) for figures in report.figures],
        "lengths": [
            (length, query_string.query(filters, months=length), length == months) for length in LENGTHS
        ],
        **query_string.period_context(filters, months=months),
    }


def _length(request: HttpRequest) -> int:
    value = request.GET.get("months", "")
    return next((length for length in LENGTHS if str(length) == value), LENGTHS[0])


def _chart(figures: CashFlowFigures, filters: TransactionFilter) -> Chart:
    def series(name: str, attribute: str, color: str) -> Series:
        return Series(
            name,
            tuple(getattr(line, attribute) for line in figures.months),
            tuple(_url(line, filters, attribute, figures.currency) for line in figures.months),
            color,
        )

    return Chart(
        kind="bar",
        labels=tuple(format_short_month(line.period.start) for line in figures.months),
        labels_name=_("Month"),
        series=(series(_("Income"), "income", "pos"), series(_("Spending"), "spending", "c0")),
        currency=figures.currency,
    )


def _url(line: CashFlowLine, filters: TransactionFilter, attribute: str, currency: str) -> str:
    return query_string.transactions_url(
        filters.replace(period=line.period), measure=MEASURES[attribute], currency=currency
    )


@json_views.json_report
def data(request: HttpRequest, filters: TransactionFilter, tree: CategoryTree) -> dict[str, Any]:
    report = cash_flow_report(filters, months=_length(request))

    def line_data(line: CashFlowLine, currency: str) -> dict[str, Any]:
        urls = {
            f"{attribute}_transactions_url": request.build_absolute_uri(
                _url(line, filters, attribute, currency)
            )
            for attribute in MEASURES
        }
        return {
            **json_views.encode(line.period),
            **{attribute: getattr(line, attribute) for attribute in MEASURES},
            "savings_rate": line.savings_rate,
            **urls,
        }

    return {
        "period": report.period,
        "figures": [
            {
                "currency": figures.currency,
                "months": [line_data(line, figures.currency) for line in figures.months],
                "total": line_data(figures.total, figures.currency),
            }
            for figures in report.figures
        ],
    }
