"""Celery's doorbells for deliveries: follow up what needs more than a sync, settle what is done."""

import logging

from celery import shared_task
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from banking import tasks as banking_tasks
from banking.application import pluggy
from banking.pluggy import PluggyError
from pfm import bell
from webhooks import inbox, registration, watch
from webhooks.models import Event

logger = logging.getLogger(__name__)


def ring(event: Event) -> None:
    """After the commit: have the event's item synced, or the event followed up."""
    if event.state == Event.State.QUEUED and event.seq is not None and event.item_id is not None:
        banking_tasks.ring(event.item_id)
    elif event.try_at is not None:
        bell.ring(follow_up, event.id)


@shared_task(name="webhooks.follow_up")
def follow_up(event_id: int) -> None:
    item_id = inbox.follow_up(event_id, client=pluggy(), now=timezone.now())
    if item_id is not None:
        banking_tasks.run_until_settled(item_id)


@shared_task(name="webhooks.sweep")
def sweep() -> None:
    """Whatever no bell was rung for, and whatever runs have settled since."""
    inbox.settle(now=timezone.now())
    for event_id in inbox.due(timezone.now()):
        bell.ring(follow_up, event_id)


@shared_task(name="webhooks.check_deliveries")
def check_deliveries() -> None:
    watch.check_deliveries(now=timezone.now())


@shared_task(name="webhooks.check_registration")
def check_registration() -> None:
    if not (settings.IS_HTTPS or settings.PLUGGY_API_URL.startswith("http://")):
        return  # Pluggy itself delivers to public addresses only; a local one was never registered
    try:
        watch.check_registration(wanted_registration(), client=pluggy(), now=timezone.now())
    except PluggyError as error:
        logger.warning("the webhook could not be looked at: %s", error)


def wanted_registration() -> registration.Wanted:
    return registration.Wanted(
        url=settings.PUBLIC_URL + reverse("pluggy_webhook"),
        secret=settings.PLUGGY_WEBHOOK_SECRET,
        previous_secret=settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS,
    )
