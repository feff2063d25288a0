"""Say how it stands with a connection, its products and its runs."""

from dataclasses import replace
from datetime import timedelta

from django import template
from django.utils import timezone

from banking.models import Item, SyncRun
from banking.reports.connections import Connection, State
from banking.views.words import connections as words
from banking.views.words.text import Words

register = template.Library()

CONSENT_ENDS_SOON = timedelta(days=30)
WAITING = (State.WAITING_INPUT, State.WAITING_ACTION, State.WAITING_APPROVAL)


@register.filter
def state_words(connection: Connection) -> Words:
    said = (words.STATES if connection.was_read else words.FIRST_STATES)[connection.state]
    if said.action == "refresh" and connection.item.execution_status in words.SIGN_IN_AGAIN:
        return replace(said, action="reconnect")
    return said


@register.filter
def error_words(connection: Connection) -> str:
    """What the bank's own error means, when it says more than the state."""
    if connection.state in WAITING:
        return ""  # the state says it all; an error would be of the time before
    code = connection.item.error_code or connection.item.execution_status
    return str(words.ERRORS.get(code, ""))


@register.filter
def product_words(product: str) -> str:
    return str(words.PRODUCTS.get(product, product))


@register.filter
def consent(item: Item) -> str:
    """`ended`, `ending` within a month, or nothing that a person should know now."""
    if item.consent_expires_at is None or item.disconnected_at or item.gone_at:
        return ""
    left = item.consent_expires_at - timezone.now()
    return "ended" if left < timedelta() else "ending" if left < CONSENT_ENDS_SOON else ""


@register.filter
def run_words(run: SyncRun) -> Words:
    """A run that found the item in trouble says in which."""
    error = words.ERRORS.get(run.item_status.partition("/")[2])
    if run.outcome == SyncRun.Outcome.NOTHING_TO_READ and error:
        return Words(words.RUNS[SyncRun.Outcome.FAILED].title, error, "warn")
    return words.RUNS[run.outcome]
