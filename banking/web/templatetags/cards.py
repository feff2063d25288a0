"""Filters and tags for cards and bills."""

from decimal import Decimal

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banking.reports.cards import Statement
from banking.reports.transaction_filter import TransactionFilter
from banking.web import query_string
from banking.web.labels import cards as labels
from banking.web.labels.text import Label

register = template.Library()


@register.simple_tag
def bill_url(statement: Statement) -> str:
    return reverse("bill", args=[statement.account.id, statement.name])


@register.simple_tag
def bills_due_url(filters: TransactionFilter) -> str:
    return f"{reverse('bills_due')}?{query_string.query(filters)}"


@register.filter
def bill_label(statement: Statement) -> Label:
    return labels.BILLS[statement.state]


@register.filter
def to_decimal(text: str) -> Decimal:
    """Parse an amount that is stored as text."""
    return Decimal(text)


@register.filter
def charge_label(kind: str) -> str:
    return str(labels.CHARGES.get(kind, labels.CHARGES["OTHER"]))


@register.filter
def card_status_label(status: str) -> str:
    """Say the status of a card; a word of the bank that is not known is shown as it is."""
    return str(labels.CARD_STATUSES.get(status, status.capitalize()))


@register.filter
def credit_line_label(name: str) -> str:
    return str(labels.CREDIT_LINES.get(name, labels.OTHER_CREDIT_LINE))


@register.filter
def payment_mode_label(mode: str) -> str:
    return str(labels.PAYMENT_MODES.get(mode, ""))


@register.filter
def days_label(days: int) -> str:
    """Say how far away a day is: `in 3 days`, `today`, `2 days ago`."""
    if days < 0:
        return ngettext("%(n)s day ago", "%(n)s days ago", -days) % {"n": -days}
    return ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days} if days else _("today")
