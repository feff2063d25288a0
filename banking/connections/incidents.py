"""Read the incidents of a connector: what Pluggy knows about problems at a bank.

{"type": "TRANSACTIONS_MISSING", "kind": "INCIDENT", "severity": "DEGRADED", "product": "dados",
 "state": "INVESTIGATING", "startedAt": "2026-11-27T10:00:00.000Z", "title": "…"}
"""

from datetime import UTC, datetime
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime

# Incidents of these products are about payments, which we do not make.
PAYMENT_PRODUCTS = frozenset({"pis", "pis-agendado", "pixauto", "smart"})
MAX_INCIDENTS = 10


def read_incidents(value: object) -> list[dict[str, Any]]:
    """Return the incidents that concern data, in Pluggy's order: the worst first.

    Whatever has an unexpected form is left out: no incident may hinder a connection.
    """
    listed = value if isinstance(value, list) else []
    incidents = [_incident(entry) for entry in listed if isinstance(entry, dict)]
    return [incident for incident in incidents if incident and incident["product"] not in PAYMENT_PRODUCTS][
        :MAX_INCIDENTS
    ]


def started_at(incident: dict[str, Any]) -> datetime | None:
    """Return when an incident of `read_incidents` began or will begin."""
    text = incident.get("started_at") or ""
    return datetime.fromisoformat(text) if text else None


def _incident(entry: dict[str, Any]) -> dict[str, Any]:
    names = ("type", "kind", "severity", "product", "state")
    incident: dict[str, Any] = {name: _text(entry.get(name)) for name in names}
    if not any(incident[name] for name in ("type", "kind", "severity")):
        return {}
    started = read_instant(_text(entry.get("startedAt")))
    return incident | {"started_at": started.isoformat() if started else ""}


def _text(value: object) -> str:
    return value[:60] if isinstance(value, str) else ""


def read_instant(text: str) -> datetime | None:
    """Parse an instant, or a day as its noon; return None for anything else, and for impossible years."""
    try:
        instant = parse_datetime(text)
        if instant is None and (day := parse_date(text)):
            instant = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    except ValueError:
        return None
    if instant is None or not 1970 < instant.year < 2200:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
