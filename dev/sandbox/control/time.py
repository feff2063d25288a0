"""Control of time: GET and POST /_control/clock; it only moves forward, and banks catch up by themselves."""

import datetime as dt
from typing import Any

from flask import Blueprint

from dev.sandbox.api.auth import json_body
from dev.sandbox.api.errors import ApiError
from dev.sandbox.clock import iso, months_later, parse
from dev.sandbox.control.guard import loopback_only
from dev.sandbox.pluggy import here
from dev.sandbox.store import items

bp = Blueprint("control_time", __name__, url_prefix="/_control")
bp.before_request(loopback_only)
Json = dict[str, Any]
AHEAD_AT_MOST = dt.timedelta(days=3660)
ASK = 'send one of {"hours": n}, {"days": n}, {"months": n} or {"to": "ISO instant or day"}'


@bp.get("/clock")
def show() -> Json:
    """The pretended time and how far it is ahead of the real one."""
    clock = here().clock
    return {
        "now": iso(clock.now()),
        "today": clock.today().isoformat(),
        "offsetSeconds": round(clock.offset.total_seconds(), 3),
        "autoSyncHours": here().settings.auto_sync_hours,
    }


@bp.post("/clock")
def move() -> Json:
    """Jump forward; the automatic syncs that fall due are opened by the runner, one for each item."""
    with here().database.writing():  # one move after the other; nobody opens a run before the due are counted
        moment = _target(json_body())
        if moment - here().clock.now() > AHEAD_AT_MOST:
            raise ApiError(400, "the clock moves ten years at most")
        try:
            here().move_clock(moment)
        except ValueError as problem:
            raise ApiError(400, str(problem)) from problem
        due = items.due_to_sync(here().database, iso(here().clock.now()))
    return show() | {"dueToSync": due}


def _target(body: Json) -> dt.datetime:
    """The instant that was asked for."""
    now = here().clock.now()
    match list(body.items()):
        case [("to", str(text))]:
            return _instant(text)
        case [("months", int(months))] if 0 < months <= 120 and not isinstance(months, bool):
            return months_later(now, months)
        case [(("hours" | "days") as unit, (int() | float()) as many)] if 0 < many <= 100_000:
            return now + dt.timedelta(**{unit: many})
    raise ApiError(400, ASK)


def _instant(text: str) -> dt.datetime:
    try:
        return parse(text)
    except ValueError:
        raise ApiError(400, ASK) from None
