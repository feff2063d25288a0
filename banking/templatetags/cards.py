"""Write bills: their address, their state in words, how many days are left."""

from decimal import Decimal

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banking.reports.cards import Statement
from banking.reports.scope import Scope
from banking.views import scope as scopes
from banking.views.words import wealth as words
from banking.views.words.text import Words

register = template.Library()


@register.simple_tag
def bill_url(statement: Statement) -> str:
    return reverse("bill", args=[statement.account.id, statement.name])


@register.simple_tag
def due_url(scope: Scope) -> str:
    """Of the part of a page that says what has to be paid next."""
    return f"{reverse('bills_due')}?{scopes.query(scope)}"


@register.filter
def bill_words(statement: Statement) -> Words:
    return words.BILLS[statement.state]


@register.filter
def exact(text: str) -> Decimal:
    """An amount that is kept as text."""
    return Decimal(text)


@register.filter
def charge_words(kind: str) -> str:
    return str(words.CHARGES.get(kind, words.CHARGES["OTHER"]))


@register.filter
def mode_words(mode: str) -> str:
    return str(words.PAYMENT_MODES.get(mode, ""))


@register.filter
def days_words(days: int) -> str:
    """How far a day is away."""
    if days < 0:
        return ngettext("%(n)s day ago", "%(n)s days ago", -days) % {"n": -days}
    return ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days} if days else _("today")
