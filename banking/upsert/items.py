"""Connectors and items: Pluggy's description of a bank and of one connection to it."""

from datetime import datetime
from typing import Any

from banking.models import Connector
from banking.pluggy import payloads
from banking.upsert.values import hex_color, web_address


def connector(payload: payloads.Connector, *, now: datetime) -> Connector:
    """Written only if something differs: all items of a bank share this row."""
    health = payload.health or payloads.Health()
    told = Connector(
        id=payload.id,
        seen_at=now,
        name=payload.name[:200],
        kind=payload.type or "",
        country=(payload.country or "")[:2],
        image_url=web_address(payload.image_url),
        primary_color=hex_color(payload.primary_color),
        institution_url=web_address(payload.institution_url),
        has_mfa=bool(payload.has_mfa),
        is_open_finance=bool(payload.is_open_finance),
        is_sandbox=bool(payload.is_sandbox),
        health_status=health.status or "",
        health_stage=health.stage or "",
        products=payload.products or [],
    )
    known = Connector.objects.filter(id=told.id).first()
    if known is not None and all(getattr(known, name) == getattr(told, name) for name in _TOLD):
        return known
    Connector.objects.bulk_create(
        [told], update_conflicts=True, unique_fields=["id"], update_fields=[*_TOLD, "seen_at"]
    )
    return told


_TOLD = [field.name for field in Connector._meta.concrete_fields if field.name not in ("id", "seen_at")]


def columns(payload: payloads.Item, *, now: datetime) -> dict[str, Any]:
    """The bank's columns of an item."""
    error = payload.error or payloads.ItemError()
    return {
        "status": payload.status[:30],
        "execution_status": (payload.execution_status or "")[:60],
        "error_code": (error.code or "")[:80],
        "error_message": error.message or "",
        "provider_message": error.provider_message or "",
        "status_detail": payload.status_detail,
        "parameter": payload.parameter,
        "user_action": payload.user_action,
        "products": payload.products or [],
        "failed_logins": payload.consecutive_failed_login_attempts or 0,
        "consent_expires_at": payload.consent_expires_at,
        "collected_at": payload.last_updated_at,
        "next_auto_sync_at": payload.next_auto_sync_at,
        "bank_created_at": payload.created_at,
        "bank_updated_at": payload.updated_at,
        "read_at": now,
        "gone_at": None,
    }
