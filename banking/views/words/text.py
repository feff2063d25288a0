"""What a word is: a text, or a text with its tone and the help that goes with it."""

from dataclasses import dataclass

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True)
class Words:
    """How a connection's state is said. `action`: reconnect, refresh, remove or nothing."""

    title: Text
    explanation: Text
    tone: str  # good, busy, warn, bad, off
    action: str = ""
