"""Django's system check of the webhook secrets: they must not be guessable."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

MIN_BYTES, MIN_DIFFERENT = 32, 12


def webhook_secrets(**_: Any) -> list[CheckMessage]:
    """Check the secrets, except in development; an error stops every command, and so a release."""
    if settings.DEBUG:
        return []
    messages: list[CheckMessage] = []
    for name in ("PLUGGY_WEBHOOK_SECRET", "PLUGGY_WEBHOOK_SECRET_PREVIOUS"):
        value = getattr(settings, name)
        if (value or name == "PLUGGY_WEBHOOK_SECRET") and (weakness := _weakness(value)):
            hint = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(32))"'
            messages.append(Error(f"{name} {weakness}.", hint=hint, id="webhooks.E001"))
    if settings.PLUGGY_WEBHOOK_SECRET == settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS:
        messages.append(Warning("PLUGGY_WEBHOOK_SECRET_PREVIOUS is the current secret.", id="webhooks.W001"))
    if settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS and settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS_UNTIL is None:
        messages.append(
            Warning(
                "PLUGGY_WEBHOOK_SECRET_PREVIOUS never expires.",
                hint="Set PLUGGY_WEBHOOK_SECRET_PREVIOUS_UNTIL to a time about a day from now.",
                id="webhooks.W002",
            )
        )
    if settings.PLUGGY_WEBHOOK_SOURCES and settings.IS_HTTPS and not settings.TRUSTED_PROXY_COUNT:
        messages.append(
            Warning(
                "PLUGGY_WEBHOOK_SOURCES is set, but not TRUSTED_PROXY_COUNT.",
                hint="Behind a proxy every delivery comes from the proxy's address, and would be refused.",
                id="webhooks.W003",
            )
        )
    return messages


def _weakness(value: str) -> str:
    if len(value.encode()) < MIN_BYTES:
        return f"is shorter than {MIN_BYTES} bytes"
    if len(set(value)) < MIN_DIFFERENT:
        return f"has fewer than {MIN_DIFFERENT} different characters"
    if value in (settings.SECRET_KEY, settings.PLUGGY_CLIENT_SECRET):
        return "equals another secret"
    return ""
