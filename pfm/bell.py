"""Ring a Celery task without ever waiting for Redis: a bell that fails is only a delay."""

import logging
from functools import cache
from typing import Any

from celery import Task
from kombu import Connection
from kombu.pools import producers

from pfm.celery import app

logger = logging.getLogger(__name__)

PATIENCE = 0.5  # seconds for each step: a free connection, to connect, to be answered


@cache
def _line() -> Connection:
    impatient = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    return app.connection_for_write(transport_options=app.conf.broker_transport_options | impatient)


def ring(task: "Task[Any, Any]", *args: str | int) -> bool:
    """Queue the task, once, without retrying. False if nobody heard; a sweeper rings again."""
    try:
        with producers[_line()].acquire(block=True, timeout=PATIENCE) as producer:
            task.apply_async(args, producer=producer, retry=False)
    except Exception as error:  # whatever is wrong with Redis, the database already knows what is due
        logger.warning("could not ring %s%s: %s", task.name, args, error)
        return False
    return True
