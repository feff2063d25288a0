"""Whether an institution answers: ONLINE, UNSTABLE or OFFLINE, as the control room left it."""

import uuid
from typing import Any

from dev.sandbox.bank import connectors
from dev.sandbox.store import marks
from dev.sandbox.store.database import Database

Json = dict[str, Any]
STATUSES = ("ONLINE", "UNSTABLE", "OFFLINE")
PROBLEMS = {
    "UNSTABLE": ("CONNECTOR_DEGRADED", "DEGRADED", "Some connections fail"),
    "OFFLINE": ("CONNECTOR_UNAVAILABLE", "MAJOR_OUTAGE", "The institution does not answer"),
}


def status(database: Database, connector_id: int) -> str:
    """How the institution is doing."""
    return (marks.get(database, _key(connector_id)) or "ONLINE").split("|")[0]


def change(database: Database, connector_id: int, status: str, now: str) -> None:
    """It goes down or comes back, at this instant."""
    marks.put(database, _key(connector_id), f"{status}|{now}")


def describe(database: Database, connector_id: int) -> Json:
    """The connector's `health` as the API gives it."""
    status, _, since = (marks.get(database, _key(connector_id)) or "ONLINE|").partition("|")
    if status == "ONLINE":
        return connectors.ONLINE
    return {"status": status, "stage": None, "incidents": [_incident(connector_id, status, since)]}


def _incident(connector_id: int, status: str, since: str) -> Json:
    kind, severity, title = PROBLEMS[status]
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"incident/{connector_id}/{since}")),
        "title": title,
        "description": None,
        "type": kind,
        "product": "dados",
        "kind": "INCIDENT",
        "severity": severity,
        "state": "INVESTIGATING",
        "startedAt": since,
        "updatedAt": since,
        "url": f"https://status.pluggy-bank.example/{connector_id}",
    }


def _key(connector_id: int) -> str:
    return f"health/{connector_id}"
