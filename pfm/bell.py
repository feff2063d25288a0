"""Ring a Celery task without ever waiting for Redis: a bell that fails is only a delay."""

import logging
import time
from functools import cache
from typing import Any

from celery import Task
from kombu import Connection
from kombu.pools import producers

from pfm.celery import app

logger = logging.getLogger(__name__)

PATIENCE = 0.5  # seconds for each step: a free connection, to connect, to be answered
SILENCE = 5.0  # seconds; the sweeper rings as often
_silent_until = 0.0


@cache
def _line() -> Connection:
    impatient = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE, "max_retries": 0}
    return app.connection_for_write(transport_options=app.conf.broker_transport_options | impatient)


def ring(task: "Task[Any, Any]", *args: str | int) -> bool:
    """Queue the task, once, without retrying. False if nobody heard; a sweeper rings again.

    After a silence nobody rings for a while, so that a mute Redis does not cost every caller its moment.
    """
    global _silent_until
    if time.monotonic() < _silent_until:
        return False
    try:
        with producers[_line()].acquire(block=True, timeout=PATIENCE) as producer:
            task.apply_async(args, producer=producer, retry=False)
    except Exception as error:  # whatever is wrong with Redis, the database already knows what is due
        logger.warning("could not ring %s%s: %s", task.name, args, error)
        _silent_until = time.monotonic() + SILENCE
        return False
    return True
