"""Filters and tags for transactions and their matches."""

from datetime import UTC, date
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils import timezone

from banking.ledger.models import OTHER, DoubleListing, Transaction, TransactionMatch
from banking.money.documents import punctuated
from banking.money.periods import ALL
from banking.reports.matches import Counterpart
from banking.reports.transaction_filter import MEASURES
from banking.web.labels import matches, same_money
from banking.web.labels import transactions as labels

register = template.Library()


@register.filter
def has_time(transaction: Transaction) -> bool:
    """Tell whether the bank sent a time: midnight, in UTC or São Paulo, stands for a date without one."""
    instants = (transaction.occurred_at.astimezone(UTC), timezone.localtime(transaction.occurred_at))
    return all((instant.hour, instant.minute) != (0, 0) for instant in instants)


@register.filter
def kind_label(kind: str) -> str:
    return str(labels.KINDS[kind])


@register.filter
def reason_label(transaction: Transaction) -> str:
    """Say why the transaction has its kind."""
    return str(labels.REASONS.get(transaction.kind_reason, transaction.kind_reason))


@register.filter
def match_reason(match: TransactionMatch) -> str:
    """Say why the two transactions seem to belong together, or that the user confirmed it."""
    if match.state == TransactionMatch.State.CONFIRMED:
        return str(labels.REASONS["set by user"])
    return str(matches.EVIDENCE[match.evidence])


@register.filter
def match_question(match: TransactionMatch) -> str:
    return str(matches.QUESTIONS[match.kind])


@register.filter
def match_confirm_label(match: TransactionMatch) -> str:
    return str(matches.CONFIRM[match.kind])


@register.filter
def listing_question(listing: DoubleListing) -> str:
    return str(same_money.QUESTIONS[listing.kind])


@register.filter
def listing_reason(listing: DoubleListing) -> str:
    """Say why the two seem to be the same money."""
    return str(same_money.EVIDENCE.get(listing.evidence, ""))


@register.filter
def counterpart_label(counterpart: Counterpart) -> str:
    """Say what the other transaction is to this one."""
    inflow, outflow = matches.COUNTERPARTS[counterpart.match.kind]
    is_inflow = counterpart.transaction.id == counterpart.match.inflow_id
    return str(inflow if is_inflow else outflow)


@register.filter
def payment_type_label(payment_type: str) -> str:
    """Say how a card purchase is paid; a word that is not known is shown as it is."""
    return str(labels.PAYMENT_TYPES.get(payment_type, payment_type))


@register.filter
def category_source_label(transaction: Transaction) -> str:
    """Say where the category comes from."""
    if transaction.user_category_id:
        return str(labels.CATEGORY_SOURCES["user"])
    if transaction.rule is not None and transaction.rule.category_id:
        return str(labels.CATEGORY_SOURCES["rule"])
    if transaction.category_id == transaction.bank_category_id:
        return str(labels.CATEGORY_SOURCES["bank"])
    return str(labels.CATEGORY_SOURCES["nobody" if transaction.category_id == OTHER else "purchase"])


@register.filter
def is_counted(transaction: Transaction) -> bool:
    """Tell whether it counts as income or spending."""
    return transaction.kind in MEASURES["net_income"]


@register.filter
def is_future(day: date) -> bool:
    return day > timezone.localdate()


@register.filter
def cnpj(number: str) -> str:
    return punctuated(number)


@register.simple_tag
def tag_url(tag: str) -> str:
    """Return the URL of all transactions with the tag."""
    return f"{reverse('transactions')}?{urlencode({'month': ALL, 'tag': tag})}"
