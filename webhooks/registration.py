"""Our webhook at Pluggy: what it should be, what it is, and how it is put right."""

from dataclasses import dataclass
from enum import StrEnum

from banking.pluggy import Client, payloads
from webhooks.secret import SECRET_HEADER

EVENT = "all"


class Problem(StrEnum):
    MISSING = "not registered"
    DISABLED = "disabled by Pluggy, after deliveries that failed"
    OTHER_URL = "registered with another address"
    OTHER_SECRET = "registered without our secret"


@dataclass(frozen=True)
class Wanted:
    """As this installation would have it."""

    url: str
    secret: str
    previous_secret: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {SECRET_HEADER: self.secret}

    def carries_our_secret(self, hook: payloads.Webhook) -> bool:
        return _secret(hook) in {self.secret, self.previous_secret} - {""}


@dataclass(frozen=True)
class Registration:
    """As it is: the webhook that is ours, if there is one, and what is wrong with it."""

    hook: payloads.Webhook | None
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return ", ".join(self.problems) or "as it should be"


def look(wanted: Wanted, *, client: Client) -> Registration:
    """Ours is the one with our address, or else one that carries our secret to an address of before."""
    hooks = [hook for hook in client.webhooks() if hook.event == EVENT]
    here = [hook for hook in hooks if hook.url == wanted.url]
    moved = [hook for hook in hooks if wanted.carries_our_secret(hook)]
    hook = next(iter([*here, *moved]), None)
    if hook is None:
        return Registration(None, (Problem.MISSING,))
    wrong = {
        Problem.DISABLED: hook.disabled_at is not None,
        Problem.OTHER_URL: hook.url != wanted.url,
        Problem.OTHER_SECRET: _secret(hook) != wanted.secret,
    }
    return Registration(hook, tuple(problem for problem, is_so in wrong.items() if is_so))


def repair(found: Registration, wanted: Wanted, *, client: Client) -> str:
    """Create or correct it; tells what was done. Safe to repeat."""
    if found.hook is None:
        client.create_webhook(url=wanted.url, event=EVENT, headers=wanted.headers)
        return "created"
    if not found.problems:
        return "already registered"
    headers = {name: value for name, value in (found.hook.headers or {}).items() if not _is_ours(name)}
    client.update_webhook(
        found.hook.id, url=wanted.url, event=EVENT, headers=headers | wanted.headers, enabled=True
    )
    return f"repaired: it was {found}"


def _secret(hook: payloads.Webhook) -> str:
    """Header names have no case."""
    return next((value for name, value in (hook.headers or {}).items() if _is_ours(name)), "")


def _is_ours(name: str) -> bool:
    return name.lower() == SECRET_HEADER.lower()
