"""Control of misfortune: faults of the API, mishaps of events, and both at random by seed."""

from typing import Any

from dev.sandbox.api.auth import json_body, refuse_unknown
from dev.sandbox.api.errors import ApiError
from dev.sandbox.control.guard import room
from dev.sandbox.delivery import mishaps
from dev.sandbox.delivery.mishaps import Mishap
from dev.sandbox.faults import rules
from dev.sandbox.faults.chaos import Dice
from dev.sandbox.faults.rules import Fault, check_pattern
from dev.sandbox.pluggy import here

bp = room("faults")
Json = dict[str, Any]


@bp.get("/faults")
def faults() -> Json:
    """The faults now on, with how often each struck."""
    return {"results": here().faults.listed(), "kinds": list(rules.KINDS)}


@bp.post("/faults")
def add_fault() -> tuple[Json, int]:
    """Switch a fault on."""
    fault = _made(Fault, json_body())
    here().faults.add(fault)
    return vars(fault), 201


@bp.delete("/faults")
def clear_faults() -> Json:
    """Switch all faults off; those at random are ended by DELETE chaos."""
    here().faults.clear()
    return {"results": []}


@bp.delete("/faults/<fault_id>")
def remove_fault(fault_id: str) -> Json:
    """Switch one fault off."""
    if not here().faults.remove(fault_id):
        raise ApiError(404, "no such fault is on")
    return {"count": 1}


@bp.get("/deliveries/faults")
def event_faults() -> Json:
    """The mishaps of events now on, with how often each struck."""
    return {"results": here().announcer.mishaps.listed(), "kinds": list(mishaps.KINDS)}


@bp.post("/deliveries/faults")
def add_event_fault() -> tuple[Json, int]:
    """Let something befall the next events of a name."""
    mishap = _made(Mishap, json_body())
    here().announcer.mishaps.add(mishap)
    return vars(mishap), 201


@bp.delete("/deliveries/faults")
def clear_event_faults() -> Json:
    """Let events arrive again."""
    here().announcer.mishaps.clear()
    return {"results": []}


@bp.get("/chaos")
def chaos() -> Json:
    """What is on at random, and what struck so far."""
    rolled = here().faults.rolled()
    return {"on": rolled is not None, "requests": rolled, "events": here().announcer.mishaps.rolled()}


@bp.post("/chaos")
def begin_chaos() -> tuple[Json, int]:
    """Faults and mishaps at random; the n-th decision depends only on the seed and n."""
    body = json_body()
    refuse_unknown(body, {"seed", "rate", "kinds", "paths", "events"})
    events = body.get("events") or {}
    if not isinstance(events, dict):
        raise ApiError(400, "events must be an object")
    refuse_unknown(events, {"rate", "kinds"})
    seed = str(body.get("seed", 1))
    try:
        check_pattern(body.get("paths", ""), "paths")
        requests = Dice(seed, body.get("rate", 0.1), _kinds(body, rules.KINDS, rules.AT_RANDOM))
        among = _kinds(events, mishaps.KINDS, mishaps.KINDS)
        befallen = Dice(f"{seed}/events", events.get("rate", 0.1), among) if "events" in body else None
    except ValueError as problem:
        raise ApiError(400, str(problem)) from problem
    here().faults.roll(requests, body.get("paths", ""))
    here().announcer.mishaps.roll(befallen)
    return chaos(), 201


@bp.delete("/chaos")
def end_chaos() -> Json:
    """No more faults at random; answers what struck."""
    struck = chaos()
    forget_chaos()
    return struck | {"on": False}


def forget_chaos() -> None:
    """Throw the dice away."""
    here().faults.roll(None)
    here().announcer.mishaps.roll(None)


def _made(kind: type[Any], body: Json) -> Any:
    try:
        return kind(**body)
    except (TypeError, ValueError) as problem:
        raise ApiError(400, str(problem)) from problem


def _kinds(body: Json, known: tuple[str, ...], usual: tuple[str, ...]) -> tuple[str, ...]:
    wanted = tuple(body.get("kinds") or usual)
    unknown = [kind for kind in wanted if kind not in known]
    if unknown:
        raise ValueError(f"kinds must be among {', '.join(known)}")
    return wanted
