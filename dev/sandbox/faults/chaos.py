"""Misfortune at random by seed: the n-th decision depends only on (seed, n), so a run can be told again."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

Json = dict[str, Any]
REMEMBERED = 1000  # strikes that GET /_control/chaos still tells


@dataclass
class Dice:
    """Decides for one thing after the other whether it goes wrong, and how. Guard it with a lock."""

    seed: str
    rate: float  # from 0 (never) to 1 (always)
    kinds: tuple[str, ...]
    decided: int = 0
    struck: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        if isinstance(self.rate, bool) or not isinstance(self.rate, int | float) or not 0 <= self.rate <= 1:
            raise ValueError("rate must be a number from 0 to 1")

    def throw(self, possible: tuple[str, ...], what: str) -> str | None:
        """The kind that strikes this thing, or None; a kind that means nothing to it passes by."""
        self.decided += 1
        decision = decide(self.seed, self.decided, self.rate, self.kinds)
        if decision is None:
            return None
        strikes = decision in possible
        self.struck.append({"n": self.decided, "kind": decision, "what": what, "struck": strikes})
        del self.struck[:-REMEMBERED]
        return decision if strikes else None

    def told(self) -> Json:
        """What it was told and what it did."""
        return {
            "seed": self.seed,
            "rate": self.rate,
            "kinds": list(self.kinds),
            "decided": self.decided,
            "struck": list(self.struck),
        }


def decide(seed: str, number: int, rate: float, kinds: tuple[str, ...]) -> str | None:
    """The decision of a number: a kind, or None for "goes well"."""
    dice = Random(f"{seed}/{number}")
    return dice.choice(kinds) if dice.random() < rate else None
