"""Random faults by a seed. The n-th decision depends only on the seed and n, so a run can be repeated."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

Json = dict[str, Any]
MAX_HITS_KEPT = 1000  # decisions that GET /_control/chaos shows


@dataclass
class RandomFaults:
    """Decides for each request or event whether it fails, and how. The caller must hold a lock."""

    seed: str
    rate: float  # from 0 (never) to 1 (always)
    kinds: tuple[str, ...]
    decision_count: int = 0
    log: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        if isinstance(self.rate, bool) or not isinstance(self.rate, int | float) or not 0 <= self.rate <= 1:
            raise ValueError("rate must be a number from 0 to 1")

    def draw(self, applicable: tuple[str, ...], target: str) -> str | None:
        """Return the kind of fault for this target, or None. A kind that cannot apply to it has no effect."""
        self.decision_count += 1
        decision = decide(self.seed, self.decision_count, self.rate, self.kinds)
        if decision is None:
            return None
        applies = decision in applicable
        self.log.append({"n": self.decision_count, "kind": decision, "what": target, "struck": applies})
        del self.log[:-MAX_HITS_KEPT]
        return decision if applies else None

    def summary(self) -> Json:
        """Return the settings and what has been affected so far."""
        return {
            "seed": self.seed,
            "rate": self.rate,
            "kinds": list(self.kinds),
            "decided": self.decision_count,
            "struck": list(self.log),
        }


def decide(seed: str, number: int, rate: float, kinds: tuple[str, ...]) -> str | None:
    """Return the n-th decision: a kind, or None for no fault."""
    rng = Random(f"{seed}/{number}")
    return rng.choice(kinds) if rng.random() < rate else None
