"""How positions, loans and the history of a row are said."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from banking.models import Investment, Loan
from banking.views.words import rows
from banking.views.words import wealth as words

register = template.Library()

INFLATION = frozenset({"IPCA", "IGPM", "IGP-M", "IGP_M", "INPC"})
FIXED = frozenset({"PRE", "PREFIXADO", "PRE_FIXADO", "FIXED"})
LARGEST_SPREAD = 50  # per cent a year over inflation; more than that is a share of the index


@register.filter
def group_words(group: str) -> str:
    return str(words.WORTH[group])


@register.filter
def in_this(sums: dict[str, Decimal] | None, currency: str) -> Decimal | None:
    return (sums or {}).get(currency)


@register.filter
def type_words(type_: str) -> str:
    return str(words.INVESTMENT_TYPES.get(type_, type_ or words.INVESTMENT_TYPES["OTHER"]))


@register.filter
def movement_words(type_: str) -> str:
    return str(words.MOVEMENTS.get(type_, type_))


@register.filter
def by_words(by: str) -> str:
    return str(rows.CHANGED_BY[by])


@register.filter
def column_words(column: str) -> str:
    return str(rows.COLUMNS[column])


@register.filter
def number(value: Decimal) -> str:
    """`1.234,5`, in English `1,234.5`: as many places as it has."""
    text = f"{value:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.translate(str.maketrans(",.", ".,")) if _is_portuguese() else text


@register.filter
def rate_words(one: Investment) -> str:
    """`110% CDI`, `IPCA + 6,2%`, `12,5% a year`; nothing where the bank does not say."""
    index, rate, fixed = one.rate_type.upper(), one.rate, one.fixed_annual_rate
    if index in FIXED or not index:
        return _yearly(fixed if fixed is not None else rate)
    if index in INFLATION and fixed is None and rate is not None and rate < LARGEST_SPREAD:
        rate, fixed = None, rate
    share = f"{number(rate)}% " if rate is not None and (rate != 100 or not fixed) else ""
    return f"{share}{one.rate_type} + {number(fixed)}%" if fixed else f"{share}{one.rate_type}"


def _yearly(rate: Decimal | None) -> str:
    return _("%(rate)s%% a year") % {"rate": number(rate)} if rate is not None else ""


@register.filter
def cost_words(loan: Loan) -> str:
    """The CET, which the bank sends as a fraction."""
    return _yearly(round(loan.total_cost_rate * 100, 2)) if loan.total_cost_rate is not None else ""


@register.filter
def percents(value: Decimal) -> str:
    """`+12,3%`: a result, with its sign."""
    sign = "+" if value > 0 else "\u2212" if value < 0 else ""
    return f"{sign}{number(round(abs(value), 1))}%"


@register.filter
def slice_color(place: int) -> str:
    """As static/js/charts.js colours the slices of a doughnut."""
    return f"c{min(place, 8)}"


@register.filter
def joined(tags: Any) -> str:
    return ", ".join(tags)


def _is_portuguese() -> bool:
    return (get_language() or "pt").startswith("pt")
