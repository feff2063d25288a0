"""Types of labels: a text, or a text with an explanation, a tone and an action."""

from dataclasses import dataclass

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True)
class Label:
    """A state as it is shown. `action` is reconnect, refresh, open (MeuPluggy), remove or empty."""

    title: Text
    explanation: Text
    tone: str  # good, busy, warn, bad or off
    action: str = ""
