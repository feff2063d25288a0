"""The Celery app and its beat schedule: doorbells only, the queue of record is PostgreSQL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pfm.settings")

app = Celery("pfm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _every(seconds: float, task: str) -> dict[str, object]:
    """A sweep that nobody took up in its time is worth nothing: the next one does the same."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


app.conf.beat_schedule = {
    "ring for every item that is due": _every(5.0, "banking.sweep"),
    "settle events and adopt parked ones": _every(10.0, "webhooks.sweep"),
    "watch over the deliveries": _every(60.0, "webhooks.check_deliveries"),
    "look at our webhook": _every(3600.0, "webhooks.check_registration"),
    "look for missed events": _every(600.0, "banking.find_silent_items"),
    "finish half-done edits": _every(300.0, "banking.carry_out_edits"),
    "finish half-done disconnections": _every(60.0, "banking.finish_disconnections"),
    "apply what changed in rules": _every(60.0, "banking.apply_rules"),
    "tell Pluggy of chosen categories": _every(60.0, "banking.tell_categories"),
}
