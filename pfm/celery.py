"""The Celery app and its schedule. Tasks only do sooner what PostgreSQL, the queue of record, knows."""

import os
from typing import Any

import structlog
from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pfm.settings")

app = Celery("pfm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _every(seconds: float, task: str) -> dict[str, object]:
    """Schedule a task; one that no worker took in time expires, because the next one does the same."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


app.conf.beat_schedule = {
    "sync connections that are due": _every(5.0, "banking.sweep"),
    "settle events and follow up parked ones": _every(10.0, "webhooks.sweep"),
    "check the deliveries": _every(60.0, "webhooks.check_deliveries"),
    "check our credentials": _every(300.0, "webhooks.check_credentials"),
    "check our webhook": _every(3600.0, "webhooks.check_registration"),
    "sync connections that are overdue": _every(60.0, "banking.find_overdue_items"),
    "list the items at Pluggy": _every(3600.0, "banking.find_unclaimed_items"),
    "read old transactions again": _every(600.0, "banking.find_items_to_read_again"),
    "delete old data": _every(3600.0, "webhooks.delete_old_data"),
    "finish bulk edits": _every(30.0, "banking.run_bulk_edits"),
    "finish disconnections": _every(60.0, "banking.finish_disconnections"),
    "erase users": _every(60.0, "banking.run_erasures"),
    "delete events of erased users": _every(600.0, "banking.delete_late_events"),
    "apply changed rules": _every(60.0, "banking.apply_rules"),
    "send mails that could not be sent": _every(30.0, "accounts.send_mails"),
    "forget old changes of address": _every(3600.0, "accounts.forget_email_changes"),
    "send chosen categories to Pluggy": _every(60.0, "banking.send_category_updates"),
}


@signals.setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Keep Celery from adding handlers of its own: with a receiver, it leaves logging as Django configured it."""


@signals.before_task_publish.connect
def _send_request_id(headers: dict[str, Any], **_: Any) -> None:
    """Let a task know the request that enqueued it, so that the lines of both have the same id."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    if request_id:
        headers["request_id"] = request_id


@signals.task_prerun.connect
def _name_task_in_log(task_id: str, task: Any, **_: Any) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task_id=task_id, task=task.name)
    request_id = getattr(task.request, "request_id", None)
    if request_id:
        structlog.contextvars.bind_contextvars(request_id=request_id)


@signals.task_postrun.connect
def _forget_task(**_: Any) -> None:
    structlog.contextvars.clear_contextvars()
