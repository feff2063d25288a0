"""Convert Pluggy's connectors and items to the columns of our models."""

from datetime import datetime
from typing import Any

from banking.connections.incidents import read_incidents
from banking.connections.models import Connector, Item
from banking.pluggy import payloads
from banking.pluggy.values import hex_color, text, web_address

MAX_FAILED_LOGINS = 1_000_000
PARTIAL_SUCCESS = Item.PARTIAL_SUCCESS
HAS_DATA = ("SUCCESS", PARTIAL_SUCCESS)  # execution statuses


def save_connector(payload: payloads.Connector, *, now: datetime) -> Connector:
    """Store a connector if anything differs: all items of a bank share it, so writes would contend."""
    health = payload.health or payloads.Health()
    received = Connector(
        id=payload.id,
        seen_at=now,
        name=text(payload.name, 200),
        kind=text(payload.type, 40),
        country=text(payload.country, 2),
        image_url=web_address(payload.image_url),
        primary_color=hex_color(payload.primary_color),
        institution_url=web_address(payload.institution_url),
        reset_password_url=web_address(payload.reset_password_url),
        has_mfa=bool(payload.has_mfa),
        is_open_finance=bool(payload.is_open_finance),
        is_sandbox=bool(payload.is_sandbox),
        health_status=text(health.status, 20),
        health_stage=text(health.stage, 20),
        products=payload.products or [],
        product_coverage=read_coverage(payload.product_coverage),
        incidents=read_incidents(health.incidents),
    )
    stored = Connector.objects.filter(id=received.id).first()
    if stored is not None and not received.name:
        received.name = stored.name
    if stored is not None and all(
        getattr(stored, name) == getattr(received, name) for name in _CONNECTOR_COLUMNS
    ):
        return stored
    Connector.objects.bulk_create(
        [received],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[*_CONNECTOR_COLUMNS, "seen_at"],
    )
    return received


_CONNECTOR_COLUMNS = [
    field.name for field in Connector._meta.concrete_fields if field.name not in ("id", "seen_at")
]


def read_coverage(value: object) -> list[str]:
    """Return the names of the products in a connector's `productCoverage`; empty if it has another form."""
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def columns(payload: payloads.Item, *, now: datetime) -> dict[str, Any]:
    """Return the columns of an Item that Pluggy decides."""
    error = payload.error or payloads.ItemError()
    status, execution_status = _statuses(payload)
    return {
        "status": text(status, 30),
        "execution_status": text(execution_status, 60),
        "error_code": (error.code or "")[:80],
        "error_message": error.message or "",
        "provider_message": error.provider_message or "",
        "error_attributes": error.attributes if isinstance(error.attributes, dict) else {},
        "status_detail": payload.status_detail,
        "parameter": payload.parameter,
        "user_action": payload.user_action,
        "products": payload.products or [],
        "has_pending_resources": payload.has_resources_pending_authorization is True,
        "failed_logins": min(max(payload.consecutive_failed_login_attempts or 0, 0), MAX_FAILED_LOGINS),
        "consent_expires_at": _possible(payload.consent_expires_at),
        "collected_at": _possible(payload.last_updated_at),
        "next_auto_sync_at": _possible(payload.next_auto_sync_at),
        "bank_created_at": _possible(payload.created_at),
        "bank_updated_at": _possible(payload.updated_at),
        "read_at": now,
        "gone_at": None,
    }


def _statuses(payload: payloads.Item) -> tuple[str, str]:
    """Return status and execution status.

    A partial success has data to read, whichever of the two says it. If the status cannot be read or is
    unknown, the execution status tells whether there are data.
    """
    status, execution_status = payload.status, payload.execution_status or ""
    if status not in (*Item.Status.values, PARTIAL_SUCCESS) and execution_status in HAS_DATA:
        return Item.Status.UPDATED, execution_status
    if PARTIAL_SUCCESS in (status, execution_status) and status in (PARTIAL_SUCCESS, Item.Status.OUTDATED):
        return Item.Status.UPDATED, PARTIAL_SUCCESS
    return status, execution_status


def _possible(value: datetime | None) -> datetime | None:
    """Return None for an instant that cannot be meant, such as one in the year 9999."""
    return value if value is not None and 1900 <= value.year <= 2199 else None
