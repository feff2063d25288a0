"""Filters for connections, their products and their syncs."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone

from banking.connections.incidents import started_at
from banking.connections.models import Consent, Item, Product, SyncRun
from banking.reports.connections import WAITING, Connection
from banking.web.labels import connections as labels
from banking.web.labels.text import Label

register = template.Library()


@register.filter
def state_label(connection: Connection) -> Label:
    label = labels.state_label(connection)
    if label.action == "refresh" and connection.item.execution_status in labels.SIGN_IN_AGAIN:
        return replace(label, action="reconnect")
    return label


@register.filter
def error_label(connection: Connection) -> str:
    """Explain the bank's error, if that says more than the state."""
    if connection.state in WAITING:
        return ""  # the error would be an older one
    code = connection.item.error_code or connection.item.execution_status
    if connection.is_tried_again and code in labels.RETRIED_ERRORS:
        return str(labels.RETRIED_ERRORS[code])
    return str(labels.ERRORS.get(code, ""))


@register.filter
def product_label(product: str) -> str:
    return str(labels.PRODUCTS.get(product, product))


@register.filter
def part_label(part: str) -> str:
    return str(labels.PARTS.get(part, part))


@register.filter
def incident_label(incident: dict[str, Any]) -> str:
    """Say in words what a bank's incident means for the user."""
    return labels.incident_text(incident)


@register.filter
def incident_start(incident: dict[str, Any]) -> datetime | None:
    return started_at(incident)


@register.filter
def sent_products(names: Iterable[str]) -> str:
    """List in words those of our products that a bank sends."""
    return ", ".join(str(labels.PRODUCTS[name]) for name in Product if name in set(names))


@register.filter
def unsent_products(names: Sequence[str]) -> str:
    """List in words those of our products that a bank does not send; empty if it does not say what it sends."""
    if not names:
        return ""
    return ", ".join(str(labels.PRODUCTS[name]) for name in Product if name not in names)


@register.filter
def resource_names(types: Iterable[str]) -> str:
    """List in words what the bank does not share yet."""
    return ", ".join(dict.fromkeys(str(labels.RESOURCES.get(name, labels.OTHER_RESOURCES)) for name in types))


@register.filter
def allowed_data(consent: Consent) -> str:
    """List in words what a consent allows; a permission that is not known is shown by its name."""
    names = [name for name in consent.permissions if isinstance(name, str)]
    known = [
        str(text)
        for start, text in labels.PERMISSIONS.items()
        if any(name.startswith(start) for name in names)
    ]
    unknown = [name for name in names if not name.startswith(tuple(labels.PERMISSIONS))]
    return ", ".join(dict.fromkeys([*known, *unknown])) or sent_products(consent.products)


@register.filter
def is_past(moment: datetime) -> bool:
    return moment < timezone.now()


@register.filter
def consent_state(item: Item) -> str:
    """Return `ended`, `ending` (within a month), or an empty text."""
    ends_at, now = item.consent_ends_at, timezone.now()
    if ends_at is None or item.disconnected_at or item.gone_at:
        return ""
    return "ended" if ends_at < now else "ending" if ends_at < now + Item.CONSENT_ENDS_SOON else ""


@register.filter
def run_label(run: SyncRun) -> Label:
    """Return the label of a sync; one that found the item with an error says which."""
    error = labels.ERRORS.get(run.item_status.partition("/")[2])
    if run.outcome == SyncRun.Outcome.NOTHING_TO_READ and error:
        return Label(labels.RUNS[SyncRun.Outcome.FAILED].title, error, "warn")
    return labels.RUNS[run.outcome]
