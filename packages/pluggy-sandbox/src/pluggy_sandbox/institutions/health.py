"""The health of an institution: ONLINE, UNSTABLE or OFFLINE, as set in the control panel."""

import uuid
from typing import Any

from pluggy_sandbox.institutions import connectors
from pluggy_sandbox.store import key_values
from pluggy_sandbox.store.database import Database

Json = dict[str, Any]
STATUSES = ("ONLINE", "UNSTABLE", "OFFLINE")
PROBLEMS = {
    "UNSTABLE": ("CONNECTOR_DEGRADED", "DEGRADED", "Some connections fail"),
    "OFFLINE": ("CONNECTOR_UNAVAILABLE", "MAJOR_OUTAGE", "The institution does not answer"),
}


def status(database: Database, connector_id: int) -> str:
    """Return the status of the institution."""
    return (key_values.get(database, _key(connector_id)) or "ONLINE").split("|")[0]


def change(database: Database, connector_id: int, status: str, now: str) -> None:
    """Set the status of the institution at this instant."""
    key_values.put(database, _key(connector_id), f"{status}|{now}")


def describe(database: Database, connector_id: int) -> Json:
    """Return the connector's `health` in the format of the API."""
    status, _, since = (key_values.get(database, _key(connector_id)) or "ONLINE|").partition("|")
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
