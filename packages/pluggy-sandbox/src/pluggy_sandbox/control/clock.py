"""Control routes of the clock: GET and POST /_control/clock."""

import datetime as dt
from typing import Any

from flask import Blueprint

from pluggy_sandbox.api.auth import json_body
from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.clock import iso, months_later, parse
from pluggy_sandbox.control.access import loopback_only
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import items

bp = Blueprint("control_clock", __name__, url_prefix="/_control")
bp.before_request(loopback_only)
Json = dict[str, Any]
MAX_STEP = dt.timedelta(days=3660)
HELP = 'send one of {"hours": n}, {"days": n}, {"months": n} or {"to": "ISO instant or day"}'


@bp.get("/clock")
def show() -> Json:
    """Return the simulated time and its distance from real time."""
    clock = current_sandbox().clock
    return {
        "now": iso(clock.now()),
        "today": clock.today().isoformat(),
        "offsetSeconds": round(clock.offset.total_seconds(), 3),
        "autoSyncHours": current_sandbox().settings.auto_sync_hours,
    }


@bp.post("/clock")
def move() -> Json:
    """Move the clock forward.

    The runner then opens the automatic syncs that have become due, one for each item.
    """
    # In a transaction: moves happen one after another, and no run opens before the due ones are counted.
    with database().write_transaction():
        moment = _target(json_body())
        if moment - current_sandbox().clock.now() > MAX_STEP:
            raise ApiError(400, "the clock moves ten years at most")
        try:
            current_sandbox().move_clock(moment)
        except ValueError as error:
            raise ApiError(400, str(error)) from error
        due = items.due_to_sync(database(), iso(current_sandbox().clock.now()))
    return show() | {"dueToSync": due}


def _target(body: Json) -> dt.datetime:
    """Return the instant that the request asks for."""
    now = current_sandbox().clock.now()
    match list(body.items()):
        case [("to", str(text))]:
            return _instant(text)
        case [("months", int(months))] if 0 < months <= 120 and not isinstance(months, bool):
            return months_later(now, months)
        case [(("hours" | "days") as unit, (int() | float()) as amount)] if 0 < amount <= 100_000:
            return now + dt.timedelta(**{unit: amount})
    raise ApiError(400, HELP)


def _instant(text: str) -> dt.datetime:
    try:
        return parse(text)
    except ValueError:
        raise ApiError(400, HELP) from None
