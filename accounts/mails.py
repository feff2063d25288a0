"""Render our mails (accounts/mail_texts.py) in a language, as HTML and as plain text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _

from accounts.devices import device_name
from accounts.mail_texts import TEXTS, Action
from accounts.models.mails import UNDO_PERIOD


@dataclass(frozen=True)
class Button:
    """A button of a mail."""

    label: str
    url: str


def public_url(url: str) -> str:
    """Return the URL below PUBLIC_URL. Whoever sends a request chooses its Host header, so no mail uses that."""
    parts = urlsplit(url)
    return f"{settings.PUBLIC_URL}{parts.path}" + (f"?{parts.query}" if parts.query else "")


def render(kind: str, *, recipient: str, language: str, facts: Mapping[str, str]) -> EmailMultiAlternatives:
    """Return the mail in HTML and plain text. Raises KeyError if the kind has no text, or the text another fact."""
    text = TEXTS[kind]
    with translation.override(language):
        values = {"email": recipient, **facts, **_standing_facts()}
        context = {
            "subject": str(text.subject),
            "paragraphs": [str(paragraph) % values for paragraph in text.paragraphs],
            "button": _button(text.action, values),
            "origin": _origin(values) if text.shows_origin else [],
            "if_not_you": str(text.if_not_you) % values if text.if_not_you else "",
            "button_if_not_you": _button(text.action_if_not_you, values),
            "public_url": settings.PUBLIC_URL,
        }
        mail = EmailMultiAlternatives(
            subject=f"{app_settings.EMAIL_SUBJECT_PREFIX}{text.subject}",
            body=render_to_string("mails/mail.txt", context).strip() + "\n",
            to=[recipient],
            headers={"Auto-Submitted": "auto-generated"},
        )
        mail.attach_alternative(render_to_string("mails/mail.html", context).strip(), "text/html")
    return mail


def _standing_facts() -> dict[str, str]:
    """Return the facts that every mail may name: pages, and how long links work."""
    now = timezone.now()
    periods = {
        "confirmation_period": timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS),
        "reset_period": timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT),
        "undo_period": UNDO_PERIOD,
    }
    return {
        "reset_url": settings.PUBLIC_URL + reverse("account_reset_password"),
        "email_url": settings.PUBLIC_URL + reverse("account_email"),
        **{name: timeuntil(now + period, now, depth=1) for name, period in periods.items()},
    }


def _button(action: Action | None, values: Mapping[str, Any]) -> Button | None:
    return Button(str(action.label), values[action.link]) if action else None


def _origin(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return when, on which device and from which network it was done, with labels."""
    at = timezone.localtime(datetime.fromisoformat(values["timestamp"]))
    when = formats.date_format(at, _("j F Y, H:i"))
    if translation.get_language() == "pt-br":
        when = when.lower()  # Django writes months like names
    return [
        (_("When"), _("%(when)s (São Paulo time)") % {"when": when}),
        (_("Device"), device_name(values["user_agent"])),
        (_("Network"), values["network"] or _("unknown")),
    ]
