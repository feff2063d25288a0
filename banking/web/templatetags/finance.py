"""Filters and tags for amounts, shares, dates and links."""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from banking.money import amounts
from banking.money.periods import Period
from banking.reports.comparison import AmountChange, FigureChanges
from banking.reports.connections import Balances
from banking.reports.spending import CategoryLine
from banking.reports.transaction_filter import OUTGOING, TransactionFilter
from banking.reports.transactions import CurrencyTotal
from banking.web import query_string
from banking.web.labels import problems
from banking.web.labels.dates import format_date, format_day, format_moment, format_month, format_period

register = template.Library()
register.filter("day", format_day)
register.filter("moment", format_moment)
register.filter("month", format_month)
register.filter("period", format_period)

MINUS, NO_BREAK_SPACE, MASK = "\u2212", "\u00a0", "•"
SYMBOLS = {"BRL": "R$", "USD": "US$", "EUR": "€", "GBP": "£"}
CENT = Decimal("0.01")
TENTH = Decimal("0.1")
MAX_SLICES = 7  # of a donut; smaller categories share one more slice
SLICE_GAP = Decimal("0.7")
ICONS = {
    "01": "arrow-down-left",
    "02": "hand-coins",
    "03": "trending-up",
    "04": "arrow-left-right",
    "05": "send",
    "06": "file-text",
    "07": "receipt",
    "08": "shopping-bag",
    "09": "tv",
    "10": "shopping-cart",
    "11": "utensils",
    "12": "plane",
    "13": "gift",
    "14": "ticket",
    "15": "landmark",
    "16": "banknote",
    "17": "house",
    "18": "heart-pulse",
    "19": "car",
    "20": "shield-check",
    "21": "sparkles",
}


class DonutSlice(NamedTuple):
    """A slice of a donut, as SVG attributes of a circle whose pathLength is 100."""

    color: str
    dash: str
    offset: str


def money_text(amount: Decimal, currency: str, *, signed: bool = False, hidden: bool = False) -> str:
    """Format an amount as `−R$ 1.234,56`, in every language; `signed` adds a plus to positive ones."""
    rounded = amount.quantize(CENT, ROUND_HALF_UP)
    digits = f"{abs(rounded):,.2f}".translate(str.maketrans(",.", ".,"))
    if hidden:
        digits = f"{MASK * 3},{MASK * 2}"
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency)}{NO_BREAK_SPACE}{digits}"


@register.simple_tag(takes_context=True)
def money(context: dict[str, Any], amount: Decimal, currency: str, signed: bool = False) -> SafeString:
    """Render an amount with its machine-readable value; if the user hides amounts, a mask."""
    hidden = hides_amounts(context)
    text = money_text(amount, currency, signed=signed, hidden=hidden)
    tone = " pos" if signed and amount > 0 else ""
    if hidden:
        return format_html('<span class="money{}">{}</span>', tone, text)
    return format_html(
        '<data class="money{}" value="{}">{}</data>', tone, amount.quantize(CENT, ROUND_HALF_UP), text
    )


def hides_amounts(context: dict[str, Any]) -> bool:
    request = context.get("request")
    return bool(getattr(getattr(request, "user", None), "hides_amounts", False))


@register.filter
def percent(share: Decimal) -> str:
    """Format a share as `37,5%`, in English `37.5%`."""
    text = f"{share.quantize(TENTH, ROUND_HALF_UP) + 0:.1f}%"  # + 0 makes 0% of -0%
    return text.replace(".", ",") if (get_language() or "pt").startswith("pt") else text


@register.filter
def signed_percent(share: Decimal) -> str:
    """Format a change as `+5,4%` or `−5,4%`."""
    rounded = share.quantize(TENTH, ROUND_HALF_UP)
    return f"{'+' if rounded > 0 else ''}{percent(rounded)}".replace("-", MINUS)


@register.filter
def svg_number(share: Decimal) -> str:
    """Format a number for an SVG attribute: with a point in every language."""
    return f"{max(share, Decimal(0)):.2f}"


@register.filter
def negative(amount: Decimal) -> Decimal:
    return -amount if amount else amount


@register.filter
def in_currency(
    figures: Iterable[Balances | FigureChanges], currency: str
) -> Balances | FigureChanges | None:
    return next((of_currency for of_currency in figures if of_currency.currency == currency), None)


@register.simple_tag
def balance_change(balance: Balances, balances_before: dict[str, Decimal]) -> AmountChange | None:
    before = balances_before.get(balance.currency)
    return None if before is None else AmountChange(balance.in_accounts, before)


@register.simple_tag
def measured_total(filters: TransactionFilter, total: CurrencyTotal) -> Decimal:
    """Return the total with the sign of the figure that links to the list: spending is positive."""
    return negative(total.total) if filters.measure in OUTGOING else total.total


@register.filter
def donut_slices(lines: Iterable[CategoryLine]) -> list[DonutSlice]:
    """Return the positive totals as slices, the largest first."""
    totals = [line.total for line in lines if line.total > 0]
    rest = sum(totals[MAX_SLICES:], Decimal(0))
    sizes = [*totals[:MAX_SLICES], rest] if rest else totals
    slices, offset = [], Decimal(0)
    for number, size in enumerate(sizes, start=1):
        share = size / sum(sizes) * 100
        length = share if len(sizes) == 1 else max(share - SLICE_GAP, TENTH)
        slices.append(DonutSlice(_slice_color(number), f"{length:.2f} 100", f"{-offset:.2f}"))
        offset += share
    return slices


@register.simple_tag
def line_color(measure: str, number: int) -> str:
    """Return the colour of a line: that of its slice for spending, green for income."""
    return _slice_color(number) if measure == "spending" else "c-in"


def _slice_color(number: int) -> str:
    return f"c{min(number, MAX_SLICES + 1)}"


@register.filter
def category_icon(category_id: str) -> str:
    """Return the icon of the top-level category, which is named by the first two digits of the id."""
    return ICONS.get(category_id[:2], "tag")


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """Render _icon.html, cached for icons that occur hundreds of times on a page."""
    return mark_safe(render_to_string("_icon.html", {"name": name}))


@register.filter
def day_and_month(value: date) -> str:
    """Format a date as `20 nov`."""
    return format_date(value, "j M")


@register.simple_tag
def transactions_url(filters: TransactionFilter, **changes: Any) -> str:
    """Return the URL of the transactions behind a figure."""
    return query_string.transactions_url(filters, **changes)


@register.simple_tag
def with_period(filters: TransactionFilter, period: Period) -> TransactionFilter:
    return filters.replace(period=period)


@register.filter
def for_input(amount: Decimal | None) -> str:
    return "" if amount is None else amounts.format_input(amount)


@register.simple_tag
def line_url(filters: TransactionFilter, line: CategoryLine, measure: str, currency: str) -> str:
    """Return the URL of the transactions behind a category of a report."""
    return query_string.transactions_url(
        filters,
        measure=measure,
        category=line.category_id,
        direct_only="1" if line.direct_only else None,
        currency=currency,
    )


register.filter("query", query_string.query)


@register.simple_tag
def query_fields(filters: TransactionFilter, *without: str) -> list[tuple[str, str]]:
    """Return the other parameters of a filter, for the hidden fields of a form that has fields for some."""
    return parse_qsl(query_string.query(filters, **dict.fromkeys(without)))


@register.simple_tag
def json_url(filters: TransactionFilter) -> str:
    """Return the URL of the overview as JSON."""
    return f"{reverse('overview_json')}?{query_string.query(filters)}"


@register.filter
def problem_label(problem: str) -> str:
    return str((problems.PERIOD_PROBLEMS | problems.AMOUNT_PROBLEMS)[problem])
