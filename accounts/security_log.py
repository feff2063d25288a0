"""Write the security log (accounts/models/security_events.py)."""

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import connection, transaction
from django.http import HttpRequest

from accounts.models import SecurityEvent, User

Code = SecurityEvent.Code
MAX_LENGTH = 200  # of a text in an event
_SQL_ALLOW_DELETION = "SELECT set_config('lume.deletes_security_events', 'on', true)"


def record(
    code: SecurityEvent.Code,
    *,
    user: User | None,
    request: HttpRequest | None = None,
    actor: User | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Append an event. `facts` holds no personal data: it is shown to administrators and kept for two years."""
    user_agent = request.headers.get("User-Agent", "") if request else ""
    SecurityEvent.objects.create(
        user=user,
        actor=actor,
        code=code,
        facts={name: _printable(value) for name, value in (facts or {}).items()},
        network=network_of(request),
        user_agent=_printable(user_agent),
        request_id=getattr(request, "id", ""),
    )


@contextmanager
def deletion_allowed() -> Iterator[None]:
    """Allow to delete events within the block, which is one transaction: for retention and erasure."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_SQL_ALLOW_DELETION)
        yield


def network_of(request: HttpRequest | None) -> str:
    """Return the address of the client without its last bits, which say more than is needed."""
    try:
        address = ipaddress.ip_address(get_adapter(request).get_client_ip(request) if request else "")
    except (KeyError, ValueError, PermissionDenied, ImproperlyConfigured):
        return ""
    length = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, length), strict=False))


def _printable(value: Any) -> Any:
    """Return a text without control characters, and cut; another value as it is."""
    if not isinstance(value, str):
        return value
    return "".join(character for character in value if character.isprintable())[:MAX_LENGTH]
