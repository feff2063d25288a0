"""Django's system checks of a release (`check --deploy`): what would let others in, or keep users out."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.utils import timezone

SECRETS = ("SECRET_KEY", "PLUGGY_CLIENT_SECRET", "PLUGGY_WEBHOOK_SECRET", "PLUGGY_WEBHOOK_SIGNING_SECRET")
# Words of secrets that stand in documentation, examples and tests, where everybody can read them.
PUBLISHED = ("onlyfortest", "changeme", "insecure", "example", "default", "placeholder", "yoursecret")
MAIL_PRINTERS = ("console", "locmem", "dummy", "filebased")


def release_settings(**_: Any) -> list[CheckMessage]:
    """Check the settings of a release: mail, secrets that are no secrets, the contact for weaknesses."""
    return [] if settings.DEBUG else [*_mail(), *_secrets(), *_second_factor(), *_contact()]


def _mail() -> list[CheckMessage]:
    if settings.EMAIL_BACKEND.split(".")[-2] not in MAIL_PRINTERS:
        return []
    hint = "Set EMAIL_URL: without mail nobody can confirm an address, reset a password or learn of a new device."
    return [Error("Mails are not sent.", hint=hint, id="accounts.E001")]


def _secrets() -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    values: dict[str, str] = {}
    named = [(name, getattr(settings, name)) for name in SECRETS]
    for name, value in [*named, *(("DOCUMENT_HASH_KEYS", key) for key in settings.DOCUMENT_HASH_KEYS)]:
        plain = "".join(filter(str.isalnum, value.lower()))
        if any(word in plain for word in PUBLISHED):
            hint = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(50))"'
            messages.append(Error(f"{name} is from an example or a test.", hint=hint, id="accounts.E002"))
        elif value and value in values:
            messages.append(Error(f"{name} and {values[value]} are the same.", id="accounts.E003"))
        values[value] = name
    return messages


def _second_factor() -> list[CheckMessage]:
    if not settings.DEMO_SECOND_FACTOR_CODE:
        return []
    hint = "Remove it: outside DEBUG it is refused, and nobody with a second factor can sign in."
    return [Error("DEMO_SECOND_FACTOR_CODE is set.", hint=hint, id="accounts.E004")]


def _contact() -> list[CheckMessage]:
    until = settings.SECURITY_CONTACTS_UNTIL
    if not settings.SECURITY_CONTACTS or (until is not None and until > timezone.now()):
        return []
    hint = "Set SECURITY_CONTACTS_UNTIL to a time within a year; until then, security.txt is not shown."
    return [Warning("SECURITY_CONTACTS has expired, or does not say when.", hint=hint, id="accounts.W001")]
