"""The report of spending and income by category: page, chart and JSON."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from banking.ledger.models import CategoryTree
from banking.reports.categories import ComparedFigures, ComparedLine, category_report
from banking.reports.transaction_filter import TransactionFilter
from banking.web import query_string
from banking.web.charts import Chart, Series
from banking.web.labels.dates import format_period
from banking.web.views import json_views, reports

MAX_CHARTED = 8  # categories; smaller bars could not be told apart


@reports.report_page("banking/reports/categories.html")
def page(request: HttpRequest, filters: TransactionFilter, tree: CategoryTree) -> dict[str, Any]:
    report = category_report(filters, tree, today=timezone.localdate())
    now = filters.replace(period=report.comparison.now or filters.period)
    before = filters.replace(period=report.comparison.before)
    return {
        "report": report,
        "before": before,
        "charts": [(figures, _chart(figures, now, before)) for figures in report.figures],
    }


def _chart(figures: ComparedFigures, now: TransactionFilter, before: TransactionFilter) -> Chart:
    lines = [line for line in figures.spending_lines if line.line.total or line.before.before][:MAX_CHARTED]

    def url(filters: TransactionFilter, line: ComparedLine) -> str:
        return query_string.transactions_url(
            filters, category=line.line.category_id, measure="spending", currency=figures.currency
        )

    return Chart(
        kind="bar",
        is_horizontal=True,
        labels=tuple(line.line.name for line in lines),
        labels_name=_("Category"),
        currency=figures.currency,
        series=(
            Series(
                format_period(now.period),
                tuple(line.line.total if line.before.now is None else line.before.now for line in lines),
                tuple(url(now, line) for line in lines),
                color="c1",
            ),
            Series(
                format_period(before.period),
                tuple(line.before.before for line in lines),
                tuple(url(before, line) for line in lines),
                color="c0",
            ),
        ),
    )


@json_views.json_report
def data(request: HttpRequest, filters: TransactionFilter, tree: CategoryTree) -> dict[str, Any]:
    report = category_report(filters, tree, today=timezone.localdate())
    before = filters.replace(period=report.comparison.before)

    def urls(**parameters: str | None) -> dict[str, str]:
        return {
            "transactions_url": json_views.transactions_url(request, filters, **parameters),
            "before_transactions_url": json_views.transactions_url(request, before, **parameters),
        }

    def heading(figures: ComparedFigures, measure: str) -> dict[str, Any]:
        change = getattr(figures.changes, measure)
        return {
            "total": getattr(figures.figures, measure),
            "comparable": change.now,
            "before": change.before,
            **urls(measure=measure, currency=figures.currency),
        }

    def line_data(compared: ComparedLine, measure: str, currency: str) -> dict[str, Any]:
        line = compared.line
        direct_only = "1" if line.direct_only else None
        return {
            "category_id": line.category_id,
            "name": line.name,
            "direct_only": line.direct_only,
            "total": line.total,
            "transaction_count": line.transaction_count,
            "share": line.share,
            "comparable": compared.before.now,
            "before": compared.before.before,
            "average": compared.average and compared.average.before,
            "lines": lines_data(compared.lines, measure, currency),
            **urls(measure=measure, currency=currency, category=line.category_id, direct_only=direct_only),
        }

    def lines_data(lines: Iterable[ComparedLine], measure: str, currency: str) -> list[dict[str, Any]]:
        return [line_data(line, measure, currency) for line in lines]

    return {
        "period": report.period,
        "comparison": {
            "now": report.comparison.now,
            "before": report.comparison.before,
            "average_of": report.comparison.earlier,
        },
        "figures": [
            {"currency": figures.currency}
            | {measure: heading(figures, measure) for measure in ("income", "spending", "net_income")}
            | {
                "spending_lines": lines_data(figures.spending_lines, "spending", figures.currency),
                "income_lines": lines_data(figures.income_lines, "income", figures.currency),
            }
            for figures in report.figures
        ],
    }
