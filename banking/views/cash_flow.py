"""Income, spending and what is left over, month by month: a page, a chart and JSON."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from banking.models import CategoryTree
from banking.reports import cash_flow
from banking.reports.cash_flow import CashFlow, Line
from banking.reports.scope import Scope
from banking.views import plain, reports
from banking.views import scope as scopes
from banking.views.charts import Chart, Series
from banking.views.days import short_month_words

LENGTHS = (12, 24)
COUNTS = {"income": "income", "spending": "spending", "left_over": "left_over", "investments": "investment"}


@reports.page("banking/cash_flow.html")
def page(request: HttpRequest, scope: Scope, tree: CategoryTree) -> dict[str, Any]:
    months = _length(request)
    report = cash_flow.cash_flow(scope, months=months)
    return {
        "report": report,
        "charts": [(figures, _chart(figures, scope)) for figures in report.figures],
        "lengths": [(length, scopes.query(scope, months=length), length == months) for length in LENGTHS],
        **scopes.choices(scope, months=months),
    }


def _length(request: HttpRequest) -> int:
    asked = request.GET.get("months", "")
    return next((length for length in LENGTHS if str(length) == asked), LENGTHS[0])


def _chart(figures: CashFlow, scope: Scope) -> Chart:
    def series(name: str, counts: str, tone: str) -> Series:
        return Series(
            name,
            tuple(getattr(line, counts) for line in figures.months),
            tuple(_url(line, scope, counts, figures.currency) for line in figures.months),
            tone,
        )

    return Chart(
        kind="bar",
        labels=tuple(short_month_words(line.period.start) for line in figures.months),
        labels_name=_("Month"),
        series=(series(_("Income"), "income", "pos"), series(_("Spending"), "spending", "c0")),
        currency=figures.currency,
    )


def _url(line: Line, scope: Scope, figure: str, currency: str) -> str:
    return scopes.rows_url(replace(scope, period=line.period), counts=COUNTS[figure], currency=currency)


@plain.json_report
def data(request: HttpRequest, scope: Scope, tree: CategoryTree) -> dict[str, Any]:
    report = cash_flow.cash_flow(scope, months=_length(request))

    def line(one: Line, currency: str) -> dict[str, Any]:
        figures = {name: getattr(one, name) for name in COUNTS}
        urls = {
            f"{name}_rows_url": request.build_absolute_uri(_url(one, scope, name, currency))
            for name in COUNTS
        }
        return {**vars(one.period), **figures, "savings_rate": one.savings_rate, **urls}

    return {
        "period": vars(report.period),
        "figures": [
            {
                "currency": one.currency,
                "months": [line(month, one.currency) for month in one.months],
                "total": line(one.total, one.currency),
            }
            for one in report.figures
        ],
    }
