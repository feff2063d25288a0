"""Spending and income by category, compared: a page, a chart and JSON."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from banking.models import CategoryTree
from banking.reports import categories
from banking.reports.categories import ComparedFigures, ComparedLine
from banking.reports.scope import Scope
from banking.views import plain, reports
from banking.views import scope as scopes
from banking.views.charts import Chart, Series
from banking.views.days import period_words

CHARTED = 8  # the largest; smaller bars could not be told apart


@reports.page("banking/categories.html")
def page(request: HttpRequest, scope: Scope, tree: CategoryTree) -> dict[str, Any]:
    report = categories.categories(scope, tree, today=timezone.localdate())
    now = replace(scope, period=report.compared.now or scope.period)
    before = replace(scope, period=report.compared.before)
    return {
        "report": report,
        "before": before,
        "charts": [(figures, _chart(figures, now, before)) for figures in report.figures],
    }


def _chart(figures: ComparedFigures, now: Scope, before: Scope) -> Chart:
    lines = [line for line in figures.spending_lines if line.line.total or line.before.before][:CHARTED]

    def url(scope: Scope, line: ComparedLine) -> str:
        here = {"counts": "spending", "currency": figures.currency}
        return scopes.rows_url(scope, category=line.line.category_id, **here)

    return Chart(
        kind="bar",
        labels=tuple(line.line.name for line in lines),
        labels_name=_("Category"),
        currency=figures.currency,
        series=(
            Series(
                period_words(now.period),
                tuple(line.line.total if line.before.now is None else line.before.now for line in lines),
                tuple(url(now, line) for line in lines),
                tone="c1",
            ),
            Series(
                period_words(before.period),
                tuple(line.before.before for line in lines),
                tuple(url(before, line) for line in lines),
                tone="c0",
            ),
        ),
    )


@plain.json_report
def data(request: HttpRequest, scope: Scope, tree: CategoryTree) -> dict[str, Any]:
    report = categories.categories(scope, tree, today=timezone.localdate())
    before = replace(scope, period=report.compared.before)

    def heading(figures: ComparedFigures, counts: str) -> dict[str, Any]:
        here = {"counts": counts, "currency": figures.currency}
        change = getattr(figures.changes, counts)
        return {
            "total": getattr(figures.figures, counts),
            "rows_url": plain.rows_url(request, scope, **here),
            "comparable": change.now,
            "before": change.before,
            "before_rows_url": plain.rows_url(request, before, **here),
        }

    def line(one: ComparedLine, counts: str, currency: str) -> dict[str, Any]:
        only = "1" if one.line.only else None
        here = {"counts": counts, "currency": currency, "category": one.line.category_id, "only": only}
        return {
            "category_id": one.line.category_id,
            "name": one.line.name,
            "only": one.line.only,
            "total": one.line.total,
            "rows": one.line.rows,
            "share": one.line.share,
            "rows_url": plain.rows_url(request, scope, **here),
            "comparable": one.before.now,
            "before": one.before.before,
            "before_rows_url": plain.rows_url(request, before, **here),
            "average": one.average and one.average.before,
            "lines": lines(one.lines, counts, currency),
        }

    def lines(found: Iterable[ComparedLine], counts: str, currency: str) -> list[dict[str, Any]]:
        return [line(one, counts, currency) for one in found]

    return {
        "period": vars(report.period),
        "compared": {
            "now": report.compared.now and vars(report.compared.now),
            "before": vars(report.compared.before),
            "average_of": [vars(one) for one in report.compared.earlier],
        },
        "figures": [
            {"currency": one.currency}
            | {counts: heading(one, counts) for counts in ("income", "spending", "left_over")}
            | {
                "spending_lines": lines(one.spending_lines, "spending", one.currency),
                "income_lines": lines(one.income_lines, "income", one.currency),
            }
            for one in report.figures
        ],
    }
