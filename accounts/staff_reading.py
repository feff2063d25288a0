"""Let staff read nothing personal of a user until they have given a reason.

A reason holds for half an hour and one session. It is stored in the user's own security log, and so is each page on
which personal data were shown, once in five minutes; the user sees both on the activity page.
"""

import time
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from accounts.models import SecurityEvent, User
from accounts.security_log import record

DURATION = 30 * 60  # seconds for which a reason holds
NOTED_FOR = 5 * 60  # seconds in which a page is noted once
MIN_REASON, MAX_REASON = 10, 200  # characters
_KEY = "staff_reading"  # session key: by user id, until when, the reason, and when which page was noted


def give_reason(request: HttpRequest, user: User, reason: str) -> None:
    """Let this session read the user's personal data for half an hour."""
    readings = request.session.get(_KEY, {})
    readings[str(user.pk)] = {"until": time.time() + DURATION, "reason": reason, "noted": {}}
    request.session[_KEY] = readings
    _record(request, user.pk, {"reason": reason})


def readable_users(request: HttpRequest) -> frozenset[int]:
    """Return the ids of users whose personal data this session may read; always those of its own user."""
    now = time.time()
    readings = request.session.get(_KEY, {})
    given = (int(user_id) for user_id, reading in readings.items() if reading["until"] > now)
    return frozenset([*given, *([request.user.pk] if request.user.pk is not None else [])])


def note_read(request: HttpRequest, user_ids: Iterable[int], *, page: str) -> None:
    """Record that personal data of these users were shown on a page of the admin."""
    now = time.time()
    readings = request.session.get(_KEY, {})
    for user_id in set(user_ids) - {request.user.pk}:
        reading = readings.get(str(user_id))
        if reading and reading["until"] > now and now - reading["noted"].get(page, 0) > NOTED_FOR:
            reading["noted"][page] = now
            request.session[_KEY] = readings
            _record(request, user_id, {"reason": reading["reason"], "page": page})


def _record(request: HttpRequest, user_id: int, facts: dict[str, Any]) -> None:
    actor = request.user if isinstance(request.user, User) else None
    record(SecurityEvent.Code.READ_BY_STAFF, user=User(pk=user_id), request=request, actor=actor, facts=facts)
