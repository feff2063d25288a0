"""Investments: what is held and what it has brought; one position and its movements."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from banking.models import Investment
from banking.reports import connections
from banking.reports import investments as report
from banking.templatetags.finance import day
from banking.templatetags.wealth import type_words
from banking.views import plain, spans
from banking.views.charts import Chart, Series
from banking.views.scope import signed_in


@login_required
@require_safe
def investments_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    months = spans.SPANS[spans.chosen(request)]
    found = report.portfolios(user, months=months, today=timezone.localdate())
    context = {
        "portfolios": [(one, _charts(one)) for one in found],
        "news": connections.news(user),
        **spans.choices(request),
    }
    return render(request, "banking/investments.html", context)


@login_required
@require_safe
def investment(request: HttpRequest, investment_id: UUID) -> HttpResponse:
    mine = Investment.objects.of(signed_in(request)).select_related("user", "item__connector")
    one = get_object_or_404(mine, id=investment_id)
    months = spans.SPANS[spans.chosen(request)]
    story = report.story(one, months=months, today=timezone.localdate())
    chart = _line(dict(story.course), _("Net value"), one.currency)
    context = {"story": story, "one": one, "chart": chart, **spans.choices(request)}
    return render(request, "banking/investment.html", context)


def _charts(one: report.Portfolio) -> dict[str, Chart | None]:
    by_type = {type_words(part.key): part.total for part in one.by_type}
    by_issuer = {part.key or _("Not known"): part.total for part in one.by_issuer}
    result = {point.day: point.gained for point in one.course}
    return {
        "by_type": _doughnut(by_type, _("Type"), one.currency),
        "by_issuer": _doughnut(by_issuer, _("Issuer"), one.currency),
        "result": _line(result, _("Result"), one.currency),
    }


def _doughnut(parts: Mapping[str, Decimal], name: str, currency: str) -> Chart | None:
    shown = {label: total for label, total in parts.items() if total > 0}
    series = Series(_("Net value"), tuple(shown.values()))
    return Chart("doughnut", tuple(shown), (series,), currency, labels_name=name) if shown else None


def _line(course: Mapping[date, Decimal], name: str, currency: str) -> Chart | None:
    """One day makes no history."""
    series = Series(name, tuple(course.values()))
    labels = tuple(day(on) for on in course)
    return Chart("line", labels, (series,), currency, labels_name=_("Day")) if len(course) > 1 else None


@plain.json_page
def data(request: HttpRequest) -> dict[str, Any]:
    """What is not known is null, never 0."""
    months = spans.SPANS[spans.chosen(request)]
    found = report.portfolios(signed_in(request), months=months, today=timezone.localdate())
    return {"currencies": [_plain(one) for one in found]}


def _plain(one: report.Portfolio) -> dict[str, Any]:
    return {
        "currency": one.currency,
        "total": one.total,
        "result": one.result,
        "by_type": [asdict(part) for part in one.by_type],
        "by_issuer": [asdict(part) for part in one.by_issuer],
        "course": [asdict(point) for point in one.course],
        "positions": [_position(held) for held in one.positions],
        "ended": [_position(held) for held in one.ended],
    }


def _position(held: report.Position) -> dict[str, Any]:
    one = held.investment
    known = {"id": one.id, "name": one.name, "type": one.type, "issuer": one.issuer, "bank": held.bank}
    sums = {"balance": one.balance, "invested": one.invested, "result": held.result, "share": held.share}
    return known | sums
