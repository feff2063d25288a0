"""Celery tasks of accounts. Each is safe to run twice or not at all: the database knows what is to be done."""

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from accounts import email_changes, outbox
from pfm import task_queue


def enqueue_mails() -> None:
    """Send the stored mails soon after the present transaction. If that fails, the next sweep sends them."""
    transaction.on_commit(lambda: task_queue.enqueue(send_mails))


@shared_task(name="accounts.send_mails")
def send_mails() -> None:
    outbox.send_due(now=timezone.now)


@shared_task(name="accounts.forget_email_changes")
def forget_email_changes() -> None:
    email_changes.forget_old(now=timezone.now())
