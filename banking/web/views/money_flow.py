"""The money flow report: page with a Sankey chart, and JSON."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from banking.ledger.models import CategoryTree
from banking.reports.money_flow import FlowStream, MoneyFlow, money_flow_report
from banking.reports.transaction_filter import TransactionFilter
from banking.web import query_string
from banking.web.charts import FlowChart, FlowLink
from banking.web.views import json_views, reports

MIDDLE = "middle"
COLORS = 8


@reports.report_page("banking/reports/money_flow.html")
def page(request: HttpRequest, filters: TransactionFilter, tree: CategoryTree) -> dict[str, Any]:
    report = money_flow_report(filters, tree)
    return {"report": report, "charts": [(flow, _chart(flow, filters)) for flow in report.figures]}


def _chart(flow: MoneyFlow, filters: TransactionFilter) -> FlowChart:
    currency = flow.figures.currency
    names = {_key(stream): _name(stream) for stream in (*flow.sources, *flow.targets)}
    inflows = [
        FlowLink(
            _key(stream),
            MIDDLE,
            stream.total,
            _url(stream, filters, currency),
            color="pos" if stream.total > 0 else "c0",
        )
        for stream in flow.sources
    ]
    outflows = [
        FlowLink(
            MIDDLE,
            _key(stream),
            stream.total,
            _url(stream, filters, currency),
            color="pos" if stream.line is None else f"c{min(number, COLORS)}",
        )
        for number, stream in enumerate(flow.targets, start=1)
    ]
    return FlowChart((*inflows, *outflows), {MIDDLE: _("Total")} | names, currency)


def _key(stream: FlowStream) -> str:
    return f"{stream.measure} {stream.line.category_id if stream.line else ''}"


def _name(stream: FlowStream) -> str:
    if stream.line is not None:
        return stream.line.name
    return _("Left over") if stream.total > 0 else _("From earlier balance")


def _url(stream: FlowStream, filters: TransactionFilter, currency: str) -> str:
    category = stream.line.category_id if stream.line else None
    return query_string.transactions_url(
        filters, measure=stream.measure, category=category, currency=currency
    )


@json_views.json_report
def data(request: HttpRequest, filters: TransactionFilter, tree: CategoryTree) -> dict[str, Any]:
    report = money_flow_report(filters, tree)

    def stream_data(stream: FlowStream, currency: str) -> dict[str, Any]:
        return {
            "measure": stream.measure,
            "category_id": stream.line and stream.line.category_id,
            "name": _name(stream),
            "total": stream.total,
            "transactions_url": request.build_absolute_uri(_url(stream, filters, currency)),
        }

    return {
        "period": report.period,
        "figures": [
            {
                "currency": flow.figures.currency,
                "sources": [stream_data(stream, flow.figures.currency) for stream in flow.sources],
                "targets": [stream_data(stream, flow.figures.currency) for stream in flow.targets],
            }
            for flow in report.figures
        ],
    }
