"""The Celery app and its schedule. Tasks only do sooner what PostgreSQL, the queue of record, knows."""

import os

from celery import Celery

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
    "finish bulk edits": _every(300.0, "banking.run_bulk_edits"),
    "finish disconnections": _every(60.0, "banking.finish_disconnections"),
    "erase users": _every(60.0, "banking.run_erasures"),
    "delete events of erased users": _every(600.0, "banking.delete_late_events"),
    "apply changed rules": _every(60.0, "banking.apply_rules"),
    "send chosen categories to Pluggy": _every(60.0, "banking.send_category_updates"),
}
