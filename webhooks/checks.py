"""Django's system check for the webhook secret: what guards the door must not be guessable."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

LEAST_BYTES, LEAST_DIFFERENT = 32, 12


def webhook_secrets(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Nothing to say in development; elsewhere a weak secret stops every command, and so the release."""
    if settings.DEBUG:
        return []
    found: list[CheckMessage] = []
    for name in ("PLUGGY_WEBHOOK_SECRET", "PLUGGY_WEBHOOK_SECRET_PREVIOUS"):
        value = getattr(settings, name)
        if (value or name == "PLUGGY_WEBHOOK_SECRET") and (why := _weakness(value)):
            hint = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(32))"'
            found.append(Error(f"{name} {why}.", hint=hint, id="webhooks.E001"))
    if settings.PLUGGY_WEBHOOK_SECRET == settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS:
        found.append(Warning("PLUGGY_WEBHOOK_SECRET_PREVIOUS is the secret of today.", id="webhooks.W001"))
    if settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS and settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS_UNTIL is None:
        found.append(
            Warning(
                "PLUGGY_WEBHOOK_SECRET_PREVIOUS is good for ever.",
                hint="Set PLUGGY_WEBHOOK_SECRET_PREVIOUS_UNTIL to a moment about a day from now.",
                id="webhooks.W002",
            )
        )
    return found


def _weakness(value: str) -> str:
    if len(value.encode()) < LEAST_BYTES:
        return f"is shorter than {LEAST_BYTES} bytes"
    if len(set(value)) < LEAST_DIFFERENT:
        return f"has fewer than {LEAST_DIFFERENT} different characters"
    if value in (settings.SECRET_KEY, settings.PLUGGY_CLIENT_SECRET):
        return "is another secret's value too"
    return ""
