"""Spending by shop, company or person: a page and JSON."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest

from banking.models import CategoryTree
from banking.reports import merchants
from banking.reports.scope import Scope
from banking.views import plain, reports


@reports.page("banking/merchants.html")
def page(request: HttpRequest, scope: Scope, tree: CategoryTree) -> dict[str, Any]:
    return {"report": merchants.merchants(scope, tree)}


@plain.json_report
def data(request: HttpRequest, scope: Scope, tree: CategoryTree) -> dict[str, Any]:
    answer = asdict(merchants.merchants(scope, tree))
    for figures in answer["figures"]:
        here = {"counts": "spending", "currency": figures["currency"]}
        figures["rows_url"] = plain.rows_url(request, scope, **here)
        for line in figures["lines"]:
            line["rows_url"] = plain.rows_url(request, scope, merchant=line["key"], **here)
    return answer
