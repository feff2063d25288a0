"""Control routes of faults: API faults, delivery faults, and both at random by a seed."""

from typing import Any

from pluggy_sandbox.api.auth import json_body, reject_unknown
from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.control.access import control_blueprint
from pluggy_sandbox.control.corrections import report_corrections
from pluggy_sandbox.delivery import faults as delivery_faults
from pluggy_sandbox.delivery.faults import DeliveryFault
from pluggy_sandbox.faults import registry
from pluggy_sandbox.faults.random_faults import RandomFaults
from pluggy_sandbox.faults.registry import Fault, check_pattern
from pluggy_sandbox.sandbox import current_sandbox

bp = control_blueprint("faults")
Json = dict[str, Any]


@bp.get("/faults")
def list_faults() -> Json:
    """List the API faults that are on, with the number of requests that each has affected."""
    return {"results": current_sandbox().faults.active(), "kinds": list(registry.KINDS)}


@bp.post("/faults")
def add_fault() -> tuple[Json, int]:
    """Switch an API fault on."""
    fault = _create(Fault, json_body())
    current_sandbox().faults.add(fault)
    return vars(fault), 201


@bp.delete("/faults")
def clear_faults() -> Json:
    """Switch all API faults off. DELETE chaos ends random faults."""
    current_sandbox().faults.clear()
    report_corrections()
    return {"results": []}


@bp.delete("/faults/<fault_id>")
def remove_fault(fault_id: str) -> Json:
    """Switch one API fault off."""
    if not current_sandbox().faults.remove(fault_id):
        raise ApiError(404, "this fault is not on")
    report_corrections()
    return {"count": 1}


@bp.get("/deliveries/faults")
def list_event_faults() -> Json:
    """List the delivery faults that are on, with the number of events that each has affected."""
    return {"results": current_sandbox().publisher.faults.active(), "kinds": list(delivery_faults.KINDS)}


@bp.post("/deliveries/faults")
def add_event_fault() -> tuple[Json, int]:
    """Switch a delivery fault on."""
    delivery_fault = _create(DeliveryFault, json_body())
    current_sandbox().publisher.faults.add(delivery_fault)
    return vars(delivery_fault), 201


@bp.delete("/deliveries/faults")
def clear_event_faults() -> Json:
    """Switch all delivery faults off."""
    current_sandbox().publisher.faults.clear()
    return {"results": []}


@bp.get("/chaos")
def chaos() -> Json:
    """Return the random faults that are on and what they have affected so far."""
    request_faults = current_sandbox().faults.random_summary()
    return {
        "on": request_faults is not None,
        "requests": request_faults,
        "events": current_sandbox().publisher.faults.random_summary(),
    }


@bp.post("/chaos")
def start_chaos() -> tuple[Json, int]:
    """Start random faults. The n-th decision depends only on the seed and on n."""
    body = json_body()
    reject_unknown(body, {"seed", "rate", "kinds", "paths", "events"})
    events = body.get("events") or {}
    if not isinstance(events, dict):
        raise ApiError(400, "events must be an object")
    reject_unknown(events, {"rate", "kinds"})
    seed = str(body.get("seed", 1))
    try:
        check_pattern(body.get("paths", ""), "paths")
        kinds = _kinds(body, registry.KINDS, registry.DEFAULT_RANDOM_KINDS)
        request_faults = RandomFaults(seed, body.get("rate", 0.1), kinds)
        kinds = _kinds(events, delivery_faults.KINDS, delivery_faults.RANDOM_KINDS)
        event_faults = RandomFaults(f"{seed}/events", events.get("rate", 0.1), kinds)
    except ValueError as error:
        raise ApiError(400, str(error)) from error
    current_sandbox().faults.set_random(request_faults, body.get("paths", ""))
    current_sandbox().publisher.faults.set_random(event_faults if "events" in body else None)
    return chaos(), 201


@bp.delete("/chaos")
def end_chaos() -> Json:
    """End random faults and return what they affected."""
    summary = chaos()
    end_random_faults()
    report_corrections()
    return summary | {"on": False}


def end_random_faults() -> None:
    """End random faults of requests and of deliveries."""
    current_sandbox().faults.set_random(None)
    current_sandbox().publisher.faults.set_random(None)


def _create(kind: type[Any], body: Json) -> Any:
    try:
        return kind(**body)
    except (TypeError, ValueError) as error:
        raise ApiError(400, str(error)) from error


def _kinds(body: Json, allowed: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
    kinds = tuple(body.get("kinds") or default)
    unknown = [kind for kind in kinds if kind not in allowed]
    if unknown:
        raise ValueError(f"kinds must be among {', '.join(allowed)}")
    return kinds
