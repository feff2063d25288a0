"""The Celery app and its beat schedule: doorbells only, the queue of record is PostgreSQL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pfm.settings")

app = Celery("pfm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "ring for every item that is due": {"task": "banking.sweep", "schedule": 5.0},
    "settle events and adopt parked ones": {"task": "webhooks.sweep", "schedule": 10.0},
    "look for missed events": {"task": "banking.find_silent_items", "schedule": 600.0},
    "finish half-done disconnections": {"task": "banking.finish_disconnections", "schedule": 60.0},
}
