"""Configuration of the project: settings, Celery, URLs, WSGI."""

from pfm.celery import app as celery_app

__all__ = ["celery_app"]
