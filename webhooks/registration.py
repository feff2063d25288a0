"""Register our webhook at Pluggy, compare what is registered, and repair it."""

from dataclasses import dataclass
from enum import StrEnum

from banking.pluggy import Client, payloads
from webhooks.event_names import ALL, not_covered
from webhooks.secrets import SECRET_HEADER


class Problem(StrEnum):
    MISSING = "not registered"
    DISABLED = "disabled by Pluggy after failed deliveries"
    OTHER_URL = "registered with another URL"
    OTHER_SECRET = "registered without our secret"
    OTHER_EVENTS = "registered for some of the events only"


@dataclass(frozen=True)
class WantedWebhook:
    """The webhook as it should be registered for this installation."""

    url: str
    secret: str
    previous_secret: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {SECRET_HEADER: self.secret}

    def has_our_secret(self, webhook: payloads.Webhook) -> bool:
        return _secret_of(webhook) in {self.secret, self.previous_secret} - {""}


@dataclass(frozen=True)
class Registration:
    """Our registered webhooks and their problems: one for all events, or several for single events."""

    webhooks: tuple[payloads.Webhook, ...]
    problems: tuple[Problem, ...]
    missing_events: tuple[str, ...] = ()

    def __str__(self) -> str:
        events = f" (missing: {', '.join(self.missing_events)})" if self.missing_events else ""
        return ", ".join(self.problems) + events if self.problems else "registered correctly"


def find(wanted: WantedWebhook, *, client: Client) -> Registration:
    """Find our webhooks at Pluggy: those with our URL, else one for all events with our secret and an older URL.

    A webhook for all events is enough. Without one, webhooks for single events with our URL are ours: a second
    registration would send each of these events twice.
    """
    registered = client.webhooks()
    with_url = [webhook for webhook in registered if webhook.url == wanted.url]
    for_all = [webhook for webhook in registered if webhook.event == ALL]
    of_us = [webhook for webhook in for_all if webhook in with_url]
    of_us = of_us or with_url or [webhook for webhook in for_all if wanted.has_our_secret(webhook)]
    ours = tuple(of_us[:1] if of_us and of_us[0].event == ALL else of_us)
    if not ours:
        return Registration((), (Problem.MISSING,))
    missing_events = tuple(sorted(not_covered(webhook.event for webhook in ours)))
    checks = {
        Problem.DISABLED: any(webhook.disabled_at is not None for webhook in ours),
        Problem.OTHER_URL: any(webhook.url != wanted.url for webhook in ours),
        Problem.OTHER_SECRET: any(_secret_of(webhook) != wanted.secret for webhook in ours),
        Problem.OTHER_EVENTS: bool(missing_events),
    }
    problems = tuple(problem for problem, is_wrong in checks.items() if is_wrong)
    return Registration(ours, problems, missing_events)


def repair(registration: Registration, wanted: WantedWebhook, *, client: Client) -> str:
    """Create or correct our webhooks; return what was done. Safe to repeat.

    If some events are missing, the first webhook is changed to all events, so that no second one is created.
    """
    if not registration.webhooks:
        client.create_webhook(url=wanted.url, event=ALL, headers=wanted.headers)
        return "created"
    if not registration.problems:
        return "already registered"
    for position, webhook in enumerate(registration.webhooks):
        is_widened = bool(registration.missing_events) and position == 0
        headers = (webhook.headers or {}).items()
        others = {name: value for name, value in headers if not _is_secret_header(name)}
        client.update_webhook(
            webhook.id,
            url=wanted.url,
            event=ALL if is_widened else webhook.event,
            headers=others | wanted.headers,
            enabled=True,
        )
    return f"repaired; it was {registration}"


def _secret_of(webhook: payloads.Webhook) -> str:
    headers = (webhook.headers or {}).items()
    return next((value for name, value in headers if _is_secret_header(name)), "")


def _is_secret_header(name: str) -> bool:
    return name.lower() == SECRET_HEADER.lower()
