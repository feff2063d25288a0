"""Write amounts, shares, states and links the same way on every page."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from banking.models import Transaction
from banking.reports.connections import Connection
from banking.reports.scope import Scope
from banking.views import scope as scopes
from banking.views import words

register = template.Library()

MINUS, NO_BREAK_SPACE, MASK = "\u2212", "\u00a0", "•"
SYMBOLS = {"BRL": "R$", "USD": "US$", "EUR": "€", "GBP": "£"}
CENT = Decimal("0.01")
TENTH = Decimal("0.1")


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
    hidden = _hides_amounts(context)
    text = money_text(amount, currency, signed=signed, hidden=hidden)
    tone = " pos" if signed and amount > 0 else ""
    if hidden:
        return format_html('<span class="money{}">{}</span>', tone, text)
    return format_html('<data class="money{}" value="{}">{}</data>', tone, amount.quantize(CENT), text)


def _hides_amounts(context: dict[str, Any]) -> bool:
    request = context.get("request")
    return bool(getattr(getattr(request, "user", None), "hides_amounts", False))


@register.filter
def percent(share: Decimal) -> str:
    """`37,5%`."""
    return f"{share.quantize(TENTH, ROUND_HALF_UP):.1f}%".replace(".", ",")


@register.filter
def plain(share: Decimal) -> str:
    """A number for an SVG attribute: a point, never a comma."""
    return f"{max(share, Decimal(0)):.2f}"


@register.simple_tag
def rows_url(scope: Scope, **changes: Any) -> str:
    """The address of the rows behind a figure of this scope."""
    return scopes.rows_url(scope, **changes)


@register.simple_tag
def report_url(scope: Scope, **changes: Any) -> str:
    """The overview with the same filter, parts changed."""
    return "?" + scopes.query(scope, **changes)


@register.filter
def state_words(connection: Connection) -> words.Words:
    return words.STATES[connection.state]


@register.filter
def error_words(connection: Connection) -> str:
    """What the bank's own error means, when it says more than the state."""
    code = connection.item.error_code or connection.item.execution_status
    return str(words.ERRORS.get(code, ""))


@register.filter
def kind_words(kind: str) -> str:
    return str(words.KINDS[kind])


@register.filter
def reason_words(row: Transaction) -> str:
    return str(words.REASONS.get(row.kind_reason, row.kind_reason))


@register.filter
def problem_words(problem: str) -> str:
    return str(words.PERIOD_PROBLEMS[problem])


@register.filter
def is_future(day: date) -> bool:
    return day > timezone.localdate()


@register.filter
def get(mapping: Any, key: Any) -> Any:
    return mapping[key]
