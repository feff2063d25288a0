"""Write amounts, shares, dates and links the same way on every page."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from banking import amounts
from banking.models import Account
from banking.periods import Period
from banking.reports.changes import Changes
from banking.reports.comparison import Change
from banking.reports.connections import Balances
from banking.reports.scope import OUTGOING, Scope
from banking.reports.spending import Line
from banking.reports.transactions import Total
from banking.views import scope as scopes
from banking.views.days import month_words, period_words, written
from banking.views.words import problems

register = template.Library()
register.filter("month", month_words)
register.filter("period_words", period_words)

MINUS, NO_BREAK_SPACE, MASK = "\u2212", "\u00a0", "•"
SYMBOLS = {"BRL": "R$", "USD": "US$", "EUR": "€", "GBP": "£"}
CENT = Decimal("0.01")
TENTH = Decimal("0.1")
NAMED_SLICES = 7  # of a donut; what is smaller shares one slice
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


class Slice(NamedTuple):
    """A part of a donut, as SVG attributes of a circle whose pathLength is 100."""

    color: str
    dash: str
    offset: str


def money_text(amount: Decimal, currency: str, *, signed: bool = False, hidden: bool = False) -> str:
    """`−R$ 1.234,56`, in every interface language; `signed` puts a plus before what came in."""
    rounded = amount.quantize(CENT, ROUND_HALF_UP)
    digits = f"{abs(rounded):,.2f}".translate(str.maketrans(",.", ".,"))
    if hidden:
        digits = f"{MASK * 3},{MASK * 2}"
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency)}{NO_BREAK_SPACE}{digits}"


@register.simple_tag(takes_context=True)
def money(context: dict[str, Any], amount: Decimal, currency: str, signed: bool = False) -> SafeString:
    """An amount with its machine-readable value; in privacy mode neither leaves the server."""
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
    """`37,5%`, in English `37.5%`."""
    text = f"{share.quantize(TENTH, ROUND_HALF_UP) + 0:.1f}%"  # never minus nothing
    return text.replace(".", ",") if (get_language() or "pt").startswith("pt") else text


@register.filter
def signed_percent(share: Decimal) -> str:
    """`+5,4%`, with a true minus below zero."""
    rounded = share.quantize(TENTH, ROUND_HALF_UP)
    return f"{'+' if rounded > 0 else ''}{percent(rounded)}".replace("-", MINUS)


@register.filter
def plain(share: Decimal) -> str:
    """A number for an SVG attribute: a point, never a comma."""
    return f"{max(share, Decimal(0)):.2f}"


@register.filter
def owed(account: Account) -> Decimal:
    """An account's balance as the person sees it."""
    return account.standing


@register.filter
def negative(amount: Decimal) -> Decimal:
    return -amount if amount else amount


@register.filter
def in_currency(found: Iterable[Balances | Changes], currency: str) -> Balances | Changes | None:
    return next((one for one in found if one.currency == currency), None)


@register.simple_tag
def balance_change(balance: Balances, then: dict[str, Decimal]) -> Change | None:
    before = then.get(balance.currency)
    return None if before is None else Change(balance.in_accounts, before)


@register.simple_tag
def as_counted(scope: Scope, total: Total) -> Decimal:
    """A total as the figure says it that linked to these rows: spending is a positive number."""
    return negative(total.flow) if scope.counts in OUTGOING else total.flow


@register.filter
def slices(lines: Iterable[Line]) -> list[Slice]:
    """The positive totals around a circle, largest first."""
    totals = [line.total for line in lines if line.total > 0]
    named, rest = totals[:NAMED_SLICES], sum(totals[NAMED_SLICES:], Decimal(0))
    parts = [*named, rest] if rest else named
    found, done = [], Decimal(0)
    for place, part in enumerate(parts):
        share = part / sum(parts) * 100
        length = share if len(parts) == 1 else max(share - SLICE_GAP, TENTH)
        found.append(Slice(_slice_color(place + 1), f"{length:.2f} 100", f"{-done:.2f}"))
        done += share
    return found


@register.simple_tag
def line_color(counts: str, place: int) -> str:
    """Of a line in a list: its slice's colour for spending, money's green for income."""
    return _slice_color(place) if counts == "spending" else "c-in"


def _slice_color(place: int) -> str:
    return f"c{min(place, NAMED_SLICES + 1)}"


@register.filter
def category_icon(category_id: str) -> str:
    """By the root: Pluggy's first two digits, the same for everything below it."""
    return ICONS.get(category_id[:2], "tag")


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """As _icon.html, for what stands on a page hundreds of times."""
    return mark_safe(render_to_string("_icon.html", {"name": name}))


@register.filter
def day(value: date) -> str:
    """`20 nov 2026`."""
    return written(value, "j M Y")


@register.filter
def day_and_month(value: date) -> str:
    """`20 nov`, beside the year."""
    return written(value, "j M")


@register.filter
def moment(value: datetime) -> str:
    """`20 nov 2026, 14:32`, in São Paulo."""
    return written(timezone.localtime(value), "j M Y, H:i")


@register.simple_tag
def rows_url(scope: Scope, **changes: Any) -> str:
    """The address of the rows behind a figure of this scope."""
    return scopes.rows_url(scope, **changes)


@register.simple_tag
def over(scope: Scope, period: Period) -> Scope:
    """The same places in other days."""
    return replace(scope, period=period)


@register.filter
def for_input(amount: Decimal | None) -> str:
    return "" if amount is None else amounts.written(amount)


@register.simple_tag
def line_url(scope: Scope, line: Line, counts: str, currency: str) -> str:
    """The address of the rows of one category of a report."""
    only = "1" if line.only else None
    return scopes.rows_url(scope, counts=counts, category=line.category_id, only=only, currency=currency)


register.filter("query", scopes.query)


@register.simple_tag
def query_fields(scope: Scope, *without: str) -> list[tuple[str, str]]:
    """The rest of a filter, for the hidden fields of a form that has fields for some parts of it."""
    return parse_qsl(scopes.query(scope, **dict.fromkeys(without)))


@register.simple_tag
def json_url(scope: Scope) -> str:
    """The same report for programs."""
    return f"{reverse('overview_json')}?{scopes.query(scope)}"


@register.filter
def problem_words(problem: str) -> str:
    return str((problems.PERIOD_PROBLEMS | problems.AMOUNT_PROBLEMS)[problem])
