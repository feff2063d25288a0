"""From where money came, and where it went: a page with a sankey, and JSON."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from banking.models import CategoryTree
from banking.reports import flow
from banking.reports.flow import Sides, Stream
from banking.reports.scope import Scope
from banking.views import plain, reports
from banking.views import scope as scopes
from banking.views.charts import Flow, Flows

MIDDLE = "middle"
TONES = 8


@reports.page("banking/flow.html")
def page(request: HttpRequest, scope: Scope, tree: CategoryTree) -> dict[str, Any]:
    report = flow.flow(scope, tree)
    return {"report": report, "charts": [(sides, _flows(sides, scope)) for sides in report.figures]}


def _flows(sides: Sides, scope: Scope) -> Flows:
    currency = sides.figures.currency
    nodes = {MIDDLE: _("Total")} | {_key(one): _name(one) for one in (*sides.sources, *sides.targets)}
    into = [
        Flow(_key(one), MIDDLE, one.total, _url(one, scope, currency), "pos" if one.total > 0 else "c0")
        for one in sides.sources
    ]
    out = [
        Flow(MIDDLE, _key(one), one.total, _url(one, scope, currency), _tone(one, place))
        for place, one in enumerate(sides.targets, start=1)
    ]
    return Flows((*into, *out), nodes, currency)


def _key(stream: Stream) -> str:
    return f"{stream.counts} {stream.line.category_id if stream.line else ''}"


def _name(stream: Stream) -> str:
    if stream.line is not None:
        return stream.line.name
    return _("Left over") if stream.total > 0 else _("From what was there before")


def _tone(stream: Stream, place: int) -> str:
    return "pos" if stream.line is None else f"c{min(place, TONES)}"


def _url(stream: Stream, scope: Scope, currency: str) -> str:
    category = stream.line.category_id if stream.line else None
    return scopes.rows_url(scope, counts=stream.counts, category=category, currency=currency)


@plain.json_report
def data(request: HttpRequest, scope: Scope, tree: CategoryTree) -> dict[str, Any]:
    report = flow.flow(scope, tree)

    def stream(one: Stream, currency: str) -> dict[str, Any]:
        return {
            "counts": one.counts,
            "category_id": one.line and one.line.category_id,
            "name": _name(one),
            "total": one.total,
            "rows_url": request.build_absolute_uri(_url(one, scope, currency)),
        }

    return {
        "period": vars(report.period),
        "figures": [
            {
                "currency": one.figures.currency,
                "sources": [stream(each, one.figures.currency) for each in one.sources],
                "targets": [stream(each, one.figures.currency) for each in one.targets],
            }
            for one in report.figures
        ],
    }
