"""The report of spending by merchant: page and JSON."""

from typing import Any

from django.http import HttpRequest

from banking.ledger.models import CategoryTree
from banking.reports.merchants import merchant_report
from banking.reports.transaction_filter import TransactionFilter
from banking.web.views import json_views, reports


@reports.report_page("banking/reports/merchants.html")
def page(request: HttpRequest, filters: TransactionFilter, tree: CategoryTree) -> dict[str, Any]:
    return {"report": merchant_report(filters, tree)}


@json_views.json_report
def data(request: HttpRequest, filters: TransactionFilter, tree: CategoryTree) -> dict[str, Any]:
    report: dict[str, Any] = json_views.encode(merchant_report(filters, tree))
    for figures in report["figures"]:
        parameters = {"measure": "spending", "currency": figures["currency"]}
        figures["transactions_url"] = json_views.transactions_url(request, filters, **parameters)
        for line in figures["lines"]:
            line["transactions_url"] = json_views.transactions_url(
                request, filters, merchant=line["key"], **parameters
            )
    return report
