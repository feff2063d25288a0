"""A rule as a sentence: "If … and …, then … and …"."""

from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from banking.ledger.models import Rule
from banking.money.periods import Period
from banking.reports.rules import RuleTotal
from banking.reports.transaction_filter import TransactionFilter
from banking.web import query_string
from banking.web.labels import rules as labels
from banking.web.labels.transactions import KINDS
from banking.web.templatetags.finance import hides_amounts, money_text

register = template.Library()
register.simple_tag(query_string.similar_rule_url)


@register.simple_tag(takes_context=True)
def rule_conditions(context: dict[str, Any], rule: Rule) -> list[str]:
    """Return the conditions as texts; a transaction must meet all of them."""
    start_date = date_format(rule.start_date, "j M Y") if rule.start_date else ""
    texts = [
        str(labels.RULE_TEXTS[rule.match]) % {"text": rule.text} if rule.text else "",
        _("the account is %(account)s") % {"account": _account(rule)} if rule.account else "",
        str(labels.RULE_DIRECTIONS[rule.direction]) if rule.direction else "",
        _amounts(rule, hidden=hides_amounts(context)),
        _("the date is %(day)s or later") % {"day": start_date} if start_date else "",
    ]
    return [text for text in texts if text]


def _account(rule: Rule) -> str:
    assert rule.account is not None
    return f"{rule.account.item.connector.name} · {rule.account.label}"


def _amounts(rule: Rule, *, hidden: bool) -> str:
    currency = rule.account.currency if rule.account else "BRL"
    limits = (rule.min_amount, rule.max_amount)
    minimum, maximum = (
        money_text(limit, currency, hidden=hidden) if limit is not None else "" for limit in limits
    )
    if minimum and maximum:
        if rule.min_amount == rule.max_amount:
            return _("the amount is %(amount)s") % {"amount": minimum}
        return _("the amount is from %(minimum)s to %(maximum)s") % {"minimum": minimum, "maximum": maximum}
    if minimum:
        return _("the amount is %(amount)s or more") % {"amount": minimum}
    return _("the amount is %(amount)s or less") % {"amount": maximum} if maximum else ""


@register.filter
def rule_effects(rule: Rule) -> list[str]:
    """Return as texts what becomes of the transactions that the rule applies to."""
    texts = [
        _("the category is %(category)s") % {"category": rule.category.name} if rule.category else "",
        _("it counts as “%(kind)s”") % {"kind": KINDS[rule.kind]} if rule.kind else "",
        _("it is tagged %(tags)s") % {"tags": ", ".join(rule.tags)} if rule.tags else "",
        _("it is not counted") if rule.hides else "",
    ]
    return [text for text in texts if text]


@register.simple_tag
def rule_transactions_url(rule: Rule, total: RuleTotal) -> str:
    """Return the URL of the transactions that the rule applies to, in one currency."""
    period = Period(total.first, total.last)
    filters = TransactionFilter(rule.user, period, rule=rule, currency=total.currency)
    return query_string.transactions_url(filters)
