"""Delivery faults on request: events are lost, doubled, delayed, reordered or forged, or have no eventId."""

import re
import threading
import time
import uuid
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pluggy_sandbox.faults.random_faults import RandomFaults
from pluggy_sandbox.faults.registry import check_numbers, check_pattern
from pluggy_sandbox.store.outbox import Target

Json = dict[str, Any]
RANDOM_KINDS = ("lost", "doubled", "delayed", "reordered", "forged")
KINDS = (*RANDOM_KINDS, "no-event-id")
TUTORIAL_KEYS = ("event", "id", "itemId", "triggeredBy")  # of an item event in Pluggy's tutorial
FORGERY_VARIANTS = ("client", "item", "secret")  # wrong clientId, unknown item, no secret header


@dataclass
class DeliveryFault:
    """A fault for the next events whose name matches."""

    kind: str
    event: str = ".*"  # regular expression on the event's name
    times: int | None = 1
    seconds: float = 2.0
    variant: str | None = None  # of a forgery; None: the variants take turns
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        if self.variant not in (None, *FORGERY_VARIANTS):
            raise ValueError(f"variant must be one of {', '.join(FORGERY_VARIANTS)}")
        check_pattern(self.event, "event")
        check_numbers(seconds=self.seconds, times=self.times)

    @property
    def forgery_variant(self) -> str:
        """Return the variant of this forgery; without a choice the variants take turns."""
        return self.variant or FORGERY_VARIANTS[(self.hits - 1) % len(FORGERY_VARIANTS)]


class DeliveryFaults:
    """The delivery faults that are on, one by one or at random."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[DeliveryFault] = []
        self._random: RandomFaults | None = None

    def add(self, fault: DeliveryFault) -> None:
        """Switch a fault on."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Switch off the faults that were switched on one by one."""
        with self._lock:
            self._faults.clear()

    def set_random(self, random_faults: RandomFaults | None) -> None:
        """Start random faults, or end them (None)."""
        with self._lock:
            self._random = random_faults

    def active(self) -> list[Json]:
        """Return the faults as JSON, with the number of events that each has affected."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def random_summary(self) -> Json | None:
        """Return what the random faults have done so far."""
        with self._lock:
            return self._random.summary() if self._random else None

    def pick(self, event: str) -> DeliveryFault | None:
        """Return the fault for this event, and count it."""
        with self._lock:
            for fault in self._faults:
                if fault.times == 0 or not re.search(fault.event, event):
                    continue
                fault.hits += 1
                if fault.times is not None:
                    fault.times -= 1
                return replace(fault)
            kind = self._random.draw(KINDS, event) if self._random else None
            return DeliveryFault(kind, hits=self._random.decision_count) if kind and self._random else None


def apply_fault(fault: DeliveryFault | None, targets: list[Target]) -> list[Target]:
    """Return the deliveries that the fault makes of the requested ones."""
    if fault is None or fault.kind in ("forged", "no-event-id"):
        return targets
    if fault.kind == "lost":
        return [replace(target, state="lost", fault="lost") for target in targets]
    if fault.kind == "doubled":
        return [copy for target in targets for copy in (target, replace(target, fault="doubled"))]
    due_at = time.time() + fault.seconds
    return [replace(target, due_at=due_at, fault=fault.kind) for target in targets]


def sent_payload(fault: DeliveryFault | None, payload: Json) -> Json:
    """Return the body that is sent: without `eventId` if the fault says so, an item event as in Pluggy's tutorial."""
    if fault is None or fault.kind != "no-event-id":
        return payload
    if payload["event"].startswith("item/"):
        return {key: payload[key] for key in TUTORIAL_KEYS if key in payload}
    return {key: value for key, value in payload.items() if key != "eventId"}


def forge_event(fault: DeliveryFault, payload: Json, targets: list[Target]) -> tuple[Json, list[Target]]:
    """Return a forged payload, as an attacker could send it who has seen the event, and where it is sent."""
    variant, event_id = fault.forgery_variant, str(uuid.uuid4())
    forged_payload = payload | {"eventId": event_id}
    if payload.get("id") == payload["eventId"]:
        forged_payload["id"] = event_id
    if variant == "client":
        forged_payload["clientId"] = str(uuid.uuid4())
    if variant == "item" and "itemId" in payload:
        unknown_id = str(uuid.uuid4())
        forged_payload |= {
            "itemId": unknown_id,
            "id": unknown_id if payload.get("id") == payload["itemId"] else event_id,
        }
    forged_targets = [
        replace(target, headers={} if variant == "secret" else target.headers, fault="forged")
        for target in targets
    ]
    return forged_payload, forged_targets
