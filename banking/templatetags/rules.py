"""A rule as a sentence: “If … and …, then … and …”."""

from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from banking.models import Rule, Transaction
from banking.periods import Period
from banking.reports.rules import Caught
from banking.reports.scope import Scope
from banking.templatetags.finance import money_text
from banking.views import scope as scopes
from banking.views.rules import url_like
from banking.views.words import rules as words
from banking.views.words.rows import KINDS

register = template.Library()


@register.simple_tag
def rule_like_url(row: Transaction, category_id: str) -> str:
    """The address of a new rule that says of all rows like this one what was said of it."""
    return url_like(row, category_id)


@register.simple_tag(takes_context=True)
def rule_conditions(context: dict[str, Any], rule: Rule) -> list[str]:
    """Each in words; all of them must hold."""
    hidden = bool(getattr(getattr(context.get("request"), "user", None), "hides_amounts", False))
    found = [
        str(words.RULE_TEXTS[rule.match]) % {"text": rule.text} if rule.text else "",
        _("it is in %(account)s") % {"account": _account(rule)} if rule.account else "",
        str(words.RULE_DIRECTIONS[rule.direction]) if rule.direction else "",
        _amounts(rule, hidden=hidden),
        _("it is of %(day)s or later") % {"day": date_format(rule.since, "j M Y")} if rule.since else "",
    ]
    return [one for one in found if one]


def _account(rule: Rule) -> str:
    assert rule.account is not None
    return f"{rule.account.item.connector.name} · {rule.account.label}"


def _amounts(rule: Rule, *, hidden: bool) -> str:
    currency = rule.account.currency if rule.account else "BRL"
    least, most = (
        money_text(one, currency, hidden=hidden) if one is not None else "" for one in (rule.least, rule.most)
    )
    if least and most:
        if rule.least == rule.most:
            return _("the amount is %(amount)s") % {"amount": least}
        return _("the amount is from %(least)s to %(most)s") % {"least": least, "most": most}
    if least:
        return _("the amount is %(amount)s or more") % {"amount": least}
    return _("the amount is %(amount)s or less") % {"amount": most} if most else ""


@register.filter
def rule_effects(rule: Rule) -> list[str]:
    """What a row is that falls under it."""
    found = [
        _("the category is %(category)s") % {"category": rule.category.name} if rule.category else "",
        _("it counts as “%(kind)s”") % {"kind": KINDS[rule.kind]} if rule.kind else "",
        _("it is tagged %(tags)s") % {"tags": ", ".join(rule.tags)} if rule.tags else "",
        _("it is not counted") if rule.hides else "",
    ]
    return [one for one in found if one]


@register.simple_tag
def rule_rows_url(rule: Rule, caught: Caught) -> str:
    """The rows under it in one currency, from the first day to the last."""
    days = Period(caught.first, caught.last)
    return scopes.rows_url(Scope(rule.user, days, rule=rule, currency=caught.currency))
