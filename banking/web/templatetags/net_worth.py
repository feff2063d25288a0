"""Filters for net worth, investments, loans and the history of a transaction."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from banking.ledger.models import Investment, Loan
from banking.web.labels import net_worth as labels
from banking.web.labels import transactions

register = template.Library()

INFLATION_INDEXES = frozenset({"IPCA", "IGPM", "IGP-M", "IGP_M", "INPC"})
FIXED_RATES = frozenset({"PRE", "PREFIXADO", "PRE_FIXADO", "FIXED"})
MAX_SPREAD = 50  # percent a year over inflation; a larger number is a share of the index
CHART_COLORS = 8

register.filter("investment_type_label", labels.investment_type_label)


@register.filter
def group_label(group: str) -> str:
    return str(labels.GROUPS[group])


@register.filter
def for_currency(totals: dict[str, Decimal] | None, currency: str) -> Decimal | None:
    return (totals or {}).get(currency)


@register.filter
def movement_label(movement_type: str) -> str:
    return str(labels.MOVEMENTS.get(movement_type, movement_type))


@register.filter
def source_label(source: str) -> str:
    """Say who changed a transaction."""
    return str(transactions.CHANGED_BY[source])


@register.filter
def column_label(column: str) -> str:
    return str(transactions.COLUMNS[column])


@register.filter
def number(value: Decimal) -> str:
    """Format a number as `1.234,5`, in English `1,234.5`, with all its decimals."""
    text = f"{value:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    is_portuguese = (get_language() or "pt").startswith("pt")
    return text.translate(str.maketrans(",.", ".,")) if is_portuguese else text


@register.filter
def rate_label(investment: Investment) -> str:
    """Format the rate: `110% CDI`, `IPCA + 6,2%`, `12,5% a year`; empty if the bank does not send it."""
    index, rate, fixed = investment.rate_type.upper(), investment.rate, investment.fixed_annual_rate
    if index in FIXED_RATES or not index:
        return _per_year(fixed if fixed is not None else rate)
    if index in INFLATION_INDEXES and fixed is None and rate is not None and rate < MAX_SPREAD:
        rate, fixed = None, rate
    share = f"{number(rate)}% " if rate is not None and (rate != 100 or not fixed) else ""
    spread = f" + {number(fixed)}%" if fixed else ""
    return f"{share}{investment.rate_type}{spread}"


def _per_year(rate: Decimal | None) -> str:
    return _("%(rate)s%% a year") % {"rate": number(rate)} if rate is not None else ""


@register.filter
def return_labels(investment: Investment) -> list[str]:
    """Say what the position has returned, as far as the bank says it."""
    returns = (
        (_("%(rate)s%% last month"), investment.last_month_rate),
        (_("%(rate)s%% in twelve months"), investment.last_year_rate),
        (_("%(rate)s%% a year"), investment.annual_rate),
    )
    return [text % {"rate": number(round(rate, 2))} for text, rate in returns if rate is not None]


@register.filter
def contract_label(loan: Loan) -> str:
    """Name a loan's contract and how it is paid off: `Contract 123 · PRICE · 1,9% a month`."""
    contract = _("Contract %(number)s") % {"number": loan.contract_number} if loan.contract_number else ""
    amortization = str(labels.AMORTIZATIONS.get(loan.amortization, loan.amortization))
    rates = [_interest_label(rate) for rate in loan.interest_rates if isinstance(rate, dict)]
    return " · ".join(dict.fromkeys(filter(None, (contract, amortization, *rates))))


def _interest_label(rate: dict[str, str]) -> str:
    """Format one interest rate of a loan; rates are fractions."""
    index = "" if rate.get("index", "").upper() in (*FIXED_RATES, *labels.NO_INDEX) else rate["index"]
    fixed, over_index = (_percent_text(rate.get(name)) for name in ("fixed", "overIndex"))
    text = " + ".join(filter(None, (index, fixed)))
    if over_index and not fixed:
        text = f"{index} ({over_index})"
    period = labels.INTEREST_PERIODS.get(rate.get("period", "").upper())
    return _("%(rate)s %(period)s") % {"rate": text, "period": period} if fixed and period else text


def _percent_text(fraction: str | None) -> str:
    """Return a fraction as `1,9%`; empty for 0 and for what is not a number."""
    try:
        value = Decimal(fraction or 0)
    except ArithmeticError:
        return ""
    return f"{number(round(value * 100, 2))}%" if value.is_finite() and value else ""


@register.simple_tag
def last_release(loan: Loan) -> dict[str, Any] | None:
    """Return the last payment on a loan: `on`, `amount`, and how many were made (`count`)."""
    dated = [release for release in loan.releases if isinstance(release, dict) and release.get("date")]
    if not dated:
        return None
    last = max(dated, key=lambda release: str(release["date"]))
    return {
        "on": date.fromisoformat(last["date"]),
        "amount": Decimal(last["amount"]),
        "count": len(loan.releases),
    }


@register.filter
def loan_cost_label(loan: Loan) -> str:
    """Format the total cost (CET), which the bank sends as a fraction."""
    return _per_year(round(loan.total_cost_rate * 100, 2)) if loan.total_cost_rate is not None else ""


@register.filter
def result_percent(value: Decimal) -> str:
    """Format a result as `+12,3%`, always with its sign."""
    sign = "+" if value > 0 else "\u2212" if value < 0 else ""
    return f"{sign}{number(round(abs(value), 1))}%"


@register.filter
def slice_color(slice_number: int) -> str:
    """Return the colour that static/js/charts.js gives to a slice of a doughnut."""
    return f"c{min(slice_number, CHART_COLORS)}"


@register.filter
def joined(tags: Iterable[str]) -> str:
    return ", ".join(tags)
