"""Enqueue a Celery task without blocking on Redis.

If enqueueing fails, nothing is lost: the database knows what is to be done, and a sweep does it (pfm/celery.py).
"""

import logging
import time
from functools import cache
from typing import Any

from celery import Task
from kombu import Connection
from kombu.pools import producers

from pfm.celery import app

logger = logging.getLogger(__name__)

TIMEOUT = 0.5  # seconds for each step: to get a connection, to connect, to be answered
PAUSE = 5.0  # seconds without further attempts after a failure; as long as the time between two sweeps
_paused_until = 0.0


@cache
def _connection() -> Connection:
    options = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT, "max_retries": 0}
    return app.connection_for_write(transport_options=app.conf.broker_transport_options | options)


def enqueue(task: "Task[Any, Any]", *args: str | int) -> bool:
    """Enqueue the task, without retries. False if that failed; a sweep will pick the work up.

    After a failure there is a pause, so that not every caller waits for a Redis that does not answer.
    """
    global _paused_until
    if time.monotonic() < _paused_until:
        return False
    try:
        with producers[_connection()].acquire(block=True, timeout=TIMEOUT) as producer:
            task.apply_async(args, producer=producer, retry=False)
    except Exception as error:  # whatever is wrong with Redis, the request itself must succeed
        logger.warning("could not enqueue %s%s: %s", task.name, args, error)
        _paused_until = time.monotonic() + PAUSE
        return False
    return True
