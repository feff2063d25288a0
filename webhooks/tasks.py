"""Celery's doorbells for deliveries: follow up what needs more than a sync, settle what is done."""

from celery import shared_task
from django.utils import timezone

from banking import tasks as banking_tasks
from banking.application import pluggy
from pfm import bell
from webhooks import inbox
from webhooks.models import Event


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
