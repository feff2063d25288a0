"""Celery tasks of the webhooks: follow up events, settle them, and watch over the deliveries.

Each is one call into inbox or monitoring, and safe to run twice or not at all: the database has the queue.
"""

import logging

from celery import shared_task
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from banking.pluggy import PluggyError
from banking.web import tasks as banking_tasks
from banking.web.api_client import pluggy
from pfm import task_queue
from webhooks import inbox, monitoring, registration, retention
from webhooks.models import Event

logger = logging.getLogger(__name__)


def enqueue(event: Event) -> None:
    """Enqueue the sync or the follow-up that an event needs. Call it after the commit."""
    if event.state == Event.State.QUEUED and event.seq is not None and event.item_id is not None:
        banking_tasks.enqueue_sync(event.item_id)
    elif event.try_at is not None:
        task_queue.enqueue(follow_up, event.id)


@shared_task(name="webhooks.follow_up")
def follow_up(event_id: int) -> None:
    item_id = inbox.follow_up(event_id, client=pluggy(), now=timezone.now())
    if item_id is not None:
        banking_tasks.sync_interactively(item_id)


@shared_task(name="webhooks.sweep")
def sweep() -> None:
    """Settle events that syncs have seen, and enqueue the follow-ups that are due."""
    inbox.settle(now=timezone.now())
    for event_id in inbox.due(timezone.now()):
        task_queue.enqueue(follow_up, event_id)


@shared_task(name="webhooks.check_deliveries")
def check_deliveries() -> None:
    monitoring.check_deliveries(now=timezone.now())


@shared_task(name="webhooks.check_credentials")
def check_credentials() -> None:
    monitoring.check_credentials(client=pluggy(), now=timezone.now())


@shared_task(name="webhooks.check_registration")
def check_registration() -> None:
    if not (settings.IS_HTTPS or settings.PLUGGY_API_URL.startswith("http://")):
        return  # Pluggy delivers to public addresses only, so a local one was never registered
    try:
        monitoring.check_registration(wanted_webhook(), client=pluggy(), now=timezone.now())
    except PluggyError as error:
        logger.warning("the webhook could not be checked: %s", error)


@shared_task(name="webhooks.delete_old_data")
def delete_old_data() -> None:
    """Delete what has been kept long enough."""
    deleted = retention.delete_old(now=timezone.now())
    if any(deleted.values()):
        logger.info("deleted: %s", ", ".join(f"{count} {name}" for name, count in deleted.items() if count))


def wanted_webhook() -> registration.WantedWebhook:
    return registration.WantedWebhook(
        url=settings.PUBLIC_URL + reverse("pluggy_webhook"),
        secret=settings.PLUGGY_WEBHOOK_SECRET,
        previous_secret=settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS,
    )
