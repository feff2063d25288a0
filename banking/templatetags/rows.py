"""Say what a row is, why, and what belongs to it."""

from datetime import UTC, date
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils import timezone

from banking.documents import punctuated
from banking.models import OTHER, Link, Transaction
from banking.periods import ALL
from banking.reports.scope import COUNTED
from banking.reports.suggestions import Half
from banking.views.words import links
from banking.views.words import rows as words

register = template.Library()


@register.filter
def has_time(row: Transaction) -> bool:
    """Midnight, in UTC or in São Paulo, is how banks send a date without a time."""
    at = row.occurred_at
    return all((one.hour, one.minute) != (0, 0) for one in (at.astimezone(UTC), timezone.localtime(at)))


@register.filter
def kind_words(kind: str) -> str:
    return str(words.KINDS[kind])


@register.filter
def reason_words(row: Transaction) -> str:
    return str(words.REASONS.get(row.kind_reason, row.kind_reason))


@register.filter
def link_reason(link: Link) -> str:
    """Why the two rows are thought to belong together; the person's own word is stronger."""
    if link.state == Link.State.CONFIRMED:
        return str(words.REASONS["said by you"])
    return str(links.EVIDENCE[link.evidence])


@register.filter
def link_question(link: Link) -> str:
    return str(links.QUESTIONS[link.kind])


@register.filter
def link_yes(link: Link) -> str:
    return str(links.YES[link.kind])


@register.filter
def half_words(half: Half) -> str:
    """What the other row is to this one."""
    into, out = links.HALVES[half.link.kind]
    return str(into if half.row.id == half.link.into_id else out)


@register.filter
def category_words(row: Transaction) -> str:
    """Whose word the category is."""
    if row.person_category_id:
        return str(words.CATEGORIES_FROM["you"])
    if row.rule is not None and row.rule.category_id:
        return str(words.CATEGORIES_FROM["rule"])
    if row.category_id == row.bank_category_id:
        return str(words.CATEGORIES_FROM["bank"])
    return str(words.CATEGORIES_FROM["nobody" if row.category_id == OTHER else "purchase"])


@register.filter
def is_counted(row: Transaction) -> bool:
    """In income or in spending."""
    return row.kind in COUNTED["left_over"]


@register.filter
def is_future(day: date) -> bool:
    return day > timezone.localdate()


@register.filter
def cnpj(number: str) -> str:
    return punctuated(number)


@register.simple_tag
def tag_url(tag: str) -> str:
    """The address of all rows with the tag."""
    return f"{reverse('transactions')}?{urlencode({'month': ALL, 'tag': tag})}"
